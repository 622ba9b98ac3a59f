// The browser's dialog for passkeys, with options and answers as JSON (WebAuthn Level 3).

import { post } from "./api.ts";

interface Options { challenge: string; user?: { id: string }; excludeCredentials?: { id: string }[]; allowCredentials?: { id: string }[] }
export const hasPasskeys = (): boolean => typeof PublicKeyCredential !== "undefined";

const decode = (said: string): Uint8Array => Uint8Array.from(atob(said.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const encode = (raw: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(raw))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const listed = (said: { id: string }[] | undefined): unknown => said?.map((each) => ({ ...each, id: decode(each.id) }));

/** Options as the browser wants them: bytes where JSON has text. */
export function bytesOf(said: Options): unknown {
  return { ...said, challenge: decode(said.challenge), ...(said.user ? { user: { ...said.user, id: decode(said.user.id) } } : {}), ...(said.excludeCredentials ? { excludeCredentials: listed(said.excludeCredentials) } : {}), ...(said.allowCredentials ? { allowCredentials: listed(said.allowCredentials) } : {}) };
}

/** An answer as JSON: text where the browser has bytes. */
function jsonOf(made: PublicKeyCredential): Record<string, unknown> {
  const from = made.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  const response: Record<string, unknown> = { clientDataJSON: encode(from.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"] as const) if (from[part]) response[part] = encode(from[part]);
  return { id: made.id, rawId: encode(made.rawId), type: made.type, response, clientExtensionResults: {} };
}

/** A person closed the dialog, or it took too long. */
export const isGivenUp = (error: unknown): boolean => error instanceof DOMException && ["NotAllowedError", "AbortError"].includes(error.name);

/** Make a passkey with the options of `path`. */
export async function made(path: string, body: unknown = {}): Promise<Record<string, unknown>> {
  const publicKey = bytesOf(await post<Options>(path, body)) as PublicKeyCredentialCreationOptions;
  return jsonOf((await navigator.credentials.create({ publicKey })) as PublicKeyCredential);
}

/** Prove with a passkey, by the options of `path`. */
export async function proved(path: string): Promise<Record<string, unknown>> {
  const publicKey = bytesOf(await post<Options>(path)) as PublicKeyCredentialRequestOptions;
  return jsonOf((await navigator.credentials.get({ publicKey })) as PublicKeyCredential);
}
