// What a page keeps of an encrypted session, in this browser alone: secrets and its own key. It outlives a reload, and not the session.

export interface Kept { secrets: string[]; jwk?: JsonWebKey }

const placeOf = (ref: string): string => `jianlu-room:${ref}`;

export const keptOf = (ref: string): Kept => { try { return { secrets: [], ...(JSON.parse(localStorage.getItem(placeOf(ref)) ?? "{}") as Partial<Kept>) }; } catch { return { secrets: [] }; } };
export const keepKeys = (ref: string, kept: Kept): void => localStorage.setItem(placeOf(ref), JSON.stringify(kept));
export const forgetKeys = (ref: string): void => localStorage.removeItem(placeOf(ref));

/** The secret of an invitation's link, kept before the room opens. */
export function keepSecret(ref: string, secret: string): void {
  if (/^[A-Za-z0-9_-]{43}$/.test(secret)) keepKeys(ref, { ...keptOf(ref), secrets: [secret] });
}
