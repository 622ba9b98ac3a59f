// What a page keeps of an encrypted session, in this browser alone: secrets and its own key. It outlives a reload, and not the session. An
// agent's and a customer's page in one browser keep their own.

import { capacity } from "../api.ts";

export interface Kept { secrets: string[]; jwk?: JsonWebKey }

const placeOf = (ref: string, who: string = capacity()): string => `jianlu-room:${ref}:${who}`;

export const keptOf = (ref: string): Kept => { try { return { secrets: [], ...(JSON.parse(localStorage.getItem(placeOf(ref)) ?? "{}") as Partial<Kept>) }; } catch { return { secrets: [] }; } };
export const keepKeys = (ref: string, kept: Kept): void => localStorage.setItem(placeOf(ref), JSON.stringify(kept));
export const forgetKeys = (ref: string): void => localStorage.removeItem(placeOf(ref));

/** The secret of an invitation's link, kept for the page of the seat that it admitted to, before that opens. */
export function keepSecret(ref: string, seat: string, secret: string): void {
  if (/^[A-Za-z0-9_-]{43}$/.test(secret)) localStorage.setItem(placeOf(ref, `seat:${seat}`), JSON.stringify({ secrets: [secret] } satisfies Kept));
}
