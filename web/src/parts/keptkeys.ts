// What a page keeps of an encrypted session, in this browser alone: secrets and its own key. They outlive a reload, and not the session; that
// encryption was promised is kept for good. An agent's and a customer's page in one browser keep their own.

import { capacity } from "../api.ts";

/** Whom this page wrapped a secret to: the secret's id, the member, and its key. */
export interface Given { secret: string; member: string; fingerprint: string; public_key: string }
/** `promised`: this session was encrypted once, and whoever says that it is not is not believed. */
export interface Kept {
  secrets: string[]; jwk?: JsonWebKey; given?: Given[]; promised?: boolean;
  /** Of the lead's page: who is still to be given the present secret, having held the one before. Of another: the key of the lead's page. */
  owed?: Known[]; lead?: string;
}
/** A member by its key. */
export interface Known { member: string; fingerprint: string }

const placeOf = (ref: string, who: string = capacity()): string => `jianlu-room:${ref}:${who}`;

export const keptOf = (ref: string): Kept => { try { return { secrets: [], ...(JSON.parse(localStorage.getItem(placeOf(ref)) ?? "{}") as Partial<Kept>) }; } catch { return { secrets: [] }; } };
export const keepKeys = (ref: string, kept: Kept): void => localStorage.setItem(placeOf(ref), JSON.stringify(kept));

/** Let the keys go. The promise stays: the server that says that a session is over could say after a reload that it was never encrypted. */
export function forgetKeys(ref: string): void {
  const { promised, secrets } = keptOf(ref);
  if (promised || secrets.length) keepKeys(ref, { secrets: [], promised: true });
}

/** The secret of an invitation's link, kept for the page of the seat that it admitted to, before that opens. */
export function keepSecret(ref: string, seat: string, secret: string): void {
  if (/^[A-Za-z0-9_-]{43}$/.test(secret)) localStorage.setItem(placeOf(ref, `seat:${seat}`), JSON.stringify({ secrets: [secret], promised: true } satisfies Kept));
}
