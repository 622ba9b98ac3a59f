// The device of a sign-in: a key that never leaves this browser proves each call of a member of staff (DPoP, RFC 9449). A cookie that was
// carried off is worth nothing without it. Pages, streams and media that the browser loads by itself rest on a proof of the last minutes.

import { capacity } from "./api.ts";

const STORE = "keys";
const NAME = "sign-in";
const encode = (raw: ArrayBuffer | Uint8Array): string => btoa(String.fromCharCode(...new Uint8Array(raw))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const text = (said: unknown): string => encode(new TextEncoder().encode(JSON.stringify(said)));

let kept: Promise<CryptoKeyPair | null> | null = null;
let skewMs = 0;

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("jianlu-device", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no store"));
  });
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no store"));
  });
}

/** The key of this browser, made at its first use; null where the browser keeps none, such as in some private windows. */
function key(): Promise<CryptoKeyPair | null> {
  kept ??= (async () => {
    try {
      const store = await opened();
      const known = await asked(store.transaction(STORE).objectStore(STORE).get(NAME) as IDBRequest<CryptoKeyPair | undefined>);
      if (known) return known;
      const made = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
      await asked(store.transaction(STORE, "readwrite").objectStore(STORE).put(made, NAME));
      return made;
    } catch {
      return null;
    }
  })();
  return kept;
}

/** Whether calls of this page are proved: those of members of staff, and those by which they come in. */
export const isProved = (path: string): boolean => capacity() === "staff" || /^\/api\/v1\/(sign-in|enrol|me)/.test(path);

/** Our clock against the server's, as its answers say. */
export function heed(answer: Response): void {
  const at = Date.parse(answer.headers.get("date") ?? "");
  if (!Number.isNaN(at)) skewMs = at - Date.now();
}

/** The proof of one call; empty where none is needed or possible. */
export async function proofOf(method: string, path: string): Promise<string> {
  const pair = isProved(path) ? await key() : null;
  if (!pair) return "";
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const said = { jti: encode(crypto.getRandomValues(new Uint8Array(16))), htm: method, htu: new URL(path, location.href).href.split(/[?#]/)[0], iat: Math.floor((Date.now() + skewMs) / 1000) };
  const signed = `${text({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } })}.${text(said)}`;
  return `${signed}.${encode(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, new TextEncoder().encode(signed)))}`;
}

const TOUCHED_MS = 60_000;
let touchedAt = Date.now();
for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) globalThis.document?.addEventListener(kind, () => { touchedAt = Date.now(); }, { passive: true, capture: true });

/** Whether a person has touched the page lately: what it asks by itself keeps nobody signed in otherwise. */
export const isTouched = (): boolean => Date.now() - touchedAt < TOUCHED_MS;
