// HPKE (RFC 9180), DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM: how a secret is wrapped to one member's key, once. In base mode by
// anybody, in auth mode by the holder of a key that the recipient knows. The other half of base mode is `capture/recording/live/room_key.py`; the RFC's own vectors and vectors of both halves hold the two together.

import { expand, extract, join, wide } from "./sframecodec.ts";

const encoder = new TextEncoder();
const MODE_BASE = new Uint8Array([0]), MODE_AUTH = new Uint8Array([2]);
const KEM = 0x0020, KDF = 0x0001, AEAD = 0x0001;
const KEM_SUITE = join(encoder.encode("KEM"), wide(KEM, 2));
const SUITE = join(encoder.encode("HPKE"), wide(KEM, 2), wide(KDF, 2), wide(AEAD, 2));
const VERSION = encoder.encode("HPKE-v1");
const ENC_BYTES = 32;
const EMPTY = new Uint8Array(0);
const X25519 = { name: "X25519" };

export interface Pair { publicKey: Uint8Array; privateKey: CryptoKey }
interface Context { key: CryptoKey; nonce: Uint8Array<ArrayBuffer> }

const labeledExtract = (suite: Uint8Array, salt: Uint8Array, label: string, content: Uint8Array): Promise<Uint8Array> => extract(salt, join(VERSION, suite, encoder.encode(label), content));
const labeledExpand = (suite: Uint8Array, secret: Uint8Array, label: string, info: Uint8Array, size: number): Promise<Uint8Array> => expand(secret, join(wide(size, 2), VERSION, suite, encoder.encode(label), info), size);

/** A member's key pair from its JWK, or a fresh one; the JWK is what a page keeps. */
export async function pairOf(jwk?: JsonWebKey): Promise<Pair & { jwk: JsonWebKey }> {
  const kept = jwk ?? await crypto.subtle.exportKey("jwk", ((await crypto.subtle.generateKey(X25519, true, ["deriveBits"])) as CryptoKeyPair).privateKey);
  const privateKey = await crypto.subtle.importKey("jwk", kept, X25519, false, ["deriveBits"]);
  return { jwk: kept, privateKey, publicKey: fromText(kept.x ?? "") };
}

export const toText = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
export const fromText = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));

async function agreed(privateKey: CryptoKey, publicKey: Uint8Array): Promise<Uint8Array> {
  const other = await crypto.subtle.importKey("raw", publicKey as Uint8Array<ArrayBuffer>, X25519, false, []);
  const made = new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: other }, privateKey, 256));
  if (made.every((byte) => byte === 0)) throw new Error("that is no public key"); // RFC 9180, 7.1.4
  return made;
}

/** `among` is what both sides agreed on, once or (auth mode) twice; `keys` are the public keys of all who took part. */
const shared = async (among: Uint8Array[], keys: Uint8Array[]): Promise<Uint8Array> => labeledExpand(KEM_SUITE, await labeledExtract(KEM_SUITE, EMPTY, "eae_prk", join(...among)), "shared_secret", join(...keys), 32);

async function context(secret: Uint8Array, info: Uint8Array, mode: Uint8Array): Promise<Context> {
  const about = join(mode, await labeledExtract(SUITE, EMPTY, "psk_id_hash", EMPTY), await labeledExtract(SUITE, EMPTY, "info_hash", info));
  const root = await labeledExtract(SUITE, secret, "secret", EMPTY);
  const key = await labeledExpand(SUITE, root, "key", about, 16);
  return { key: await crypto.subtle.importKey("raw", key as Uint8Array<ArrayBuffer>, "AES-GCM", false, ["encrypt", "decrypt"]), nonce: new Uint8Array(await labeledExpand(SUITE, root, "base_nonce", about, 12)) };
}

/** `content` for the holder of `recipient` alone: encapsulated key, then ciphertext; from `sender` in auth mode. `ephemeral` is for vectors only. */
export async function wrap(recipient: Uint8Array, info: Uint8Array, content: Uint8Array, aad: Uint8Array = EMPTY, sender?: Pair, ephemeral?: Pair): Promise<Uint8Array> {
  const own = ephemeral ?? await pairOf();
  const among = [await agreed(own.privateKey, recipient), ...(sender ? [await agreed(sender.privateKey, recipient)] : [])];
  const secret = await shared(among, [own.publicKey, recipient, ...(sender ? [sender.publicKey] : [])]);
  const { key, nonce } = await context(secret, info, sender ? MODE_AUTH : MODE_BASE);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad as Uint8Array<ArrayBuffer> }, key, content as Uint8Array<ArrayBuffer>);
  return join(own.publicKey, new Uint8Array(sealed));
}

/** What was wrapped to `own`, in auth mode by the holder of `sender`; rejects for another recipient or sender, another `info`, or altered bytes. */
export async function unwrap(own: Pair, info: Uint8Array, wrapped: Uint8Array, aad: Uint8Array = EMPTY, sender?: Uint8Array): Promise<Uint8Array> {
  const enc = wrapped.slice(0, ENC_BYTES);
  const among = [await agreed(own.privateKey, enc), ...(sender ? [await agreed(own.privateKey, sender)] : [])];
  const secret = await shared(among, [enc, own.publicKey, ...(sender ? [sender] : [])]);
  const { key, nonce } = await context(secret, info, sender ? MODE_AUTH : MODE_BASE);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: aad as Uint8Array<ArrayBuffer> }, key, wrapped.slice(ENC_BYTES)));
}
