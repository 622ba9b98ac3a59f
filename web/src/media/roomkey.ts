// What is derived from the secret of an encrypted room (`specs/encrypted-room.md`): its id, each sender's key, the proof that a page holds it,
// and the code that people compare. The secret itself is 32 random bytes, made by the page of whoever leads the session.

import { expand, extract, hmac, join } from "./sframecodec.ts";
import { toText, unwrap, wrap, type Pair } from "./hpke.ts";

export const SECRET_BYTES = 32;
const ROUNDS = 100_000; // of PBKDF2: whoever relays keys would have to search for a secret whose code is the same
const encoder = new TextEncoder();
const ZERO = new Uint8Array([0]);

export const newSecret = (): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
export const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function derived(secret: Uint8Array, label: string, ref: string, about: string, size: number): Promise<Uint8Array> {
  return expand(await extract(new Uint8Array(0), secret), join(encoder.encode(label), ZERO, encoder.encode(ref), ZERO, encoder.encode(about)), size);
}

export const secretId = async (secret: Uint8Array, ref: string): Promise<string> => hexOf(await derived(secret, "jianlu/room-id@v1", ref, "", 8));
export const senderKey = (secret: Uint8Array, ref: string, feed: string, kind: string): Promise<Uint8Array> => derived(secret, "jianlu/room-sender@v1", ref, `${feed}/${kind}`, 32);

/** Shows to others who hold the secret that this public key is of one of them. */
export async function proofOf(secret: Uint8Array, ref: string, member: string, publicKey: Uint8Array): Promise<string> {
  return toText(await hmac(await derived(secret, "jianlu/room-proof@v1", ref, member, 32), publicKey));
}

export async function fingerprintOf(publicKey: Uint8Array): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", publicKey as Uint8Array<ArrayBuffer>)));
}

/** Twelve digits that are the same on two pages exactly when secret and members are: `roster` is `[member, fingerprint]`. */
export async function codeOf(secret: Uint8Array, ref: string, roster: [string, string][]): Promise<string> {
  const salt = encoder.encode(["jianlu/room-code@v1", ref, ...roster.map(([member, fingerprint]) => `${member} ${fingerprint}`).sort()].join("\n"));
  const key = await crypto.subtle.importKey("raw", secret as Uint8Array<ArrayBuffer>, "PBKDF2", false, ["deriveBits"]);
  const made = new DataView(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS }, key, 64));
  return String(made.getBigUint64(0) % 1_000_000_000_000n).padStart(12, "0");
}

const infoOf = (ref: string, member: string, label = "jianlu/room-secret@v1"): Uint8Array => join(encoder.encode(label), ZERO, encoder.encode(ref), ZERO, encoder.encode(member));

/** The secret for one member of one case; a recorder is named as its process is (`a`), a page by its seat. */
export const wrapSecret = (secret: Uint8Array, publicKey: Uint8Array, ref: string, member: string): Promise<Uint8Array> => wrap(publicKey, infoOf(ref, member), secret);
export const unwrapSecret = (own: Pair, wrapped: Uint8Array, ref: string, member: string): Promise<Uint8Array> => unwrap(own, infoOf(ref, member), wrapped);

const NEXT = "jianlu/room-next@v1";

/** The next secret for a page that holds the present one: only the holder of `lead` can have wrapped it. */
export const wrapNext = (secret: Uint8Array, publicKey: Uint8Array, ref: string, member: string, lead: Pair): Promise<Uint8Array> => wrap(publicKey, infoOf(ref, member, NEXT), secret, undefined, lead);
export const unwrapNext = (own: Pair, wrapped: Uint8Array, ref: string, member: string, lead: Uint8Array): Promise<Uint8Array> => unwrap(own, infoOf(ref, member, NEXT), wrapped, undefined, lead);
