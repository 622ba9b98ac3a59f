// SFrame (RFC 9605), cipher suite AES_128_GCM_SHA256_128: key derivation, header, nonce. A few first bytes of every frame stay readable, because
// packetisers look at them; they are authenticated with the header. A stream takes a random key id, so that no nonce comes twice.

export interface Keys { key: CryptoKey; salt: Uint8Array; kid: number; counter: number }

const SUITE = 0x0004;
const encoder = new TextEncoder();
const STREAMS_KEPT = 16; // of one sender: a page that is loaded again, or reconnects, begins a new one
const WINDOW = 512; // frames that may come late, over which a repeated one is noticed

export function wide(value: number, bytes: number): Uint8Array {
  const made = new Uint8Array(bytes);
  let left = value;
  for (let place = bytes - 1; place >= 0 && left > 0; place -= 1) { made[place] = left % 256; left = Math.floor(left / 256); }
  return made;
}

export function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { made.set(part, at); at += part.length; }
  return made;
}

export async function hmac(key: Uint8Array, content: Uint8Array): Promise<Uint8Array> {
  const made = await crypto.subtle.importKey("raw", (key.length ? key : new Uint8Array(32)) as Uint8Array<ArrayBuffer>, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", made, content as Uint8Array<ArrayBuffer>));
}

/** HKDF-SHA256 (RFC 5869), its two halves; `expand` gives at most one block. */
export const extract = (salt: Uint8Array, content: Uint8Array): Promise<Uint8Array> => hmac(salt, content);
export const expand = async (secret: Uint8Array, info: Uint8Array, size: number): Promise<Uint8Array> => (await hmac(secret, join(info, new Uint8Array([1])))).slice(0, size);

/** Key and salt of RFC 9605, 4.4.2, from the key that the members share. */
export async function derive(shared: Uint8Array, kid: number): Promise<{ key: Uint8Array; salt: Uint8Array }> {
  const secret = await extract(new Uint8Array(0), shared);
  const label = (text: string): Uint8Array => join(encoder.encode(text), wide(kid, 8), wide(SUITE, 2));
  return { key: await expand(secret, label("SFrame 1.0 Secret key "), 16), salt: await expand(secret, label("SFrame 1.0 Secret salt "), 12) };
}

export async function setUp(shared: Uint8Array, kid: number): Promise<Keys> {
  const { key, salt } = await derive(shared, kid);
  return { key: await crypto.subtle.importKey("raw", key as Uint8Array<ArrayBuffer>, "AES-GCM", false, ["encrypt", "decrypt"]), salt, kid, counter: 0 };
}

/** A key id for one stream: 48 random bits. With the same base key it makes another key, whose counter begins at nought. */
export function newKid(): number {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** The header of RFC 9605, 4.3: short values within the first byte, longer ones after it. */
export function headerOf(kid: number, counter: number): Uint8Array {
  const spare = (value: number): Uint8Array => { let bytes = 1; while (value >= 256 ** bytes) bytes += 1; return wide(value, bytes); };
  const kidBytes = kid < 8 ? new Uint8Array(0) : spare(kid);
  const counterBytes = counter < 8 ? new Uint8Array(0) : spare(counter);
  const first = (kid < 8 ? kid << 4 : 0x80 | ((kidBytes.length - 1) << 4)) | (counter < 8 ? counter : 0x08 | (counterBytes.length - 1));
  return join(new Uint8Array([first]), kidBytes, counterBytes);
}

export function readHeader(bytes: Uint8Array): { kid: number; counter: number; length: number } {
  const first = bytes[0] ?? 0;
  let at = 1;
  const take = (count: number): number => { let value = 0; for (let n = 0; n < count; n += 1) value = value * 256 + (bytes[at++] ?? 0); return value; };
  const kid = first & 0x80 ? take(((first >> 4) & 7) + 1) : (first >> 4) & 7;
  const counter = first & 0x08 ? take((first & 7) + 1) : first & 7;
  return { kid, counter, length: at };
}

function nonceOf(salt: Uint8Array, counter: number): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(salt);
  wide(counter, 12).forEach((byte, place) => { made[place]! ^= byte; });
  return made;
}

/** How many first bytes stay readable: VP8's own header (key frames ten, others three), one of Opus. */
export const clearBytes = (kind: string, frame: Uint8Array): number => Math.min(frame.length, kind === "audio" ? 1 : (frame[0] ?? 1) & 1 ? 3 : 10);

export async function sealFrame(keys: Keys, kind: string, frame: Uint8Array): Promise<Uint8Array> {
  const clear = frame.subarray(0, clearBytes(kind, frame));
  const counter = keys.counter;
  keys.counter += 1; // before anything is awaited: two frames under way must not take the same one
  const header = headerOf(keys.kid, counter);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonceOf(keys.salt, counter), additionalData: join(header, clear) }, keys.key, frame.subarray(clear.length) as Uint8Array<ArrayBuffer>);
  return join(clear, header, new Uint8Array(sealed));
}

/** The frame as it was; rejects for another key, an altered frame, or a frame that was never sealed. */
export async function openFrame(keys: Keys, kind: string, frame: Uint8Array): Promise<Uint8Array> {
  const clear = frame.subarray(0, clearBytes(kind, frame));
  const { kid, counter, length } = readHeader(frame.subarray(clear.length));
  if (kid !== keys.kid) throw new Error("a frame of another key");
  const header = frame.subarray(clear.length, clear.length + length);
  const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonceOf(keys.salt, counter), additionalData: join(header, clear) }, keys.key, frame.subarray(clear.length + length) as Uint8Array<ArrayBuffer>);
  return join(clear, new Uint8Array(opened));
}

interface Stream { keys: Keys; highest: number; seen: Set<number> }

/** Opens the frames of one sender's sound or picture, whatever key ids it takes; a frame that comes twice does not open. */
export class Opener {
  private readonly streams = new Map<number, Stream>();

  /** `baseKeys` are those that the sender may use, the newest last. */
  constructor(readonly kind: string, private readonly baseKeys: () => Promise<Uint8Array[]>) {}

  async open(frame: Uint8Array): Promise<Uint8Array> {
    const { kid, counter } = readHeader(frame.subarray(clearBytes(this.kind, frame)));
    const known = this.streams.get(kid);
    if (!known) return this.first(kid, counter, frame);
    if (known.seen.has(counter) || counter <= known.highest - WINDOW) throw new Error("a frame that came before");
    const opened = await openFrame(known.keys, this.kind, frame);
    known.seen.add(counter);
    known.highest = Math.max(known.highest, counter);
    if (known.seen.size > 2 * WINDOW) for (const each of known.seen) if (each <= known.highest - WINDOW) known.seen.delete(each);
    return opened;
  }

  private async first(kid: number, counter: number, frame: Uint8Array): Promise<Uint8Array> {
    for (const baseKey of (await this.baseKeys()).reverse()) {
      const keys = await setUp(baseKey, kid);
      const opened = await openFrame(keys, this.kind, frame).catch(() => null);
      if (!opened) continue;
      this.streams.set(kid, { keys, highest: counter, seen: new Set([counter]) });
      for (const oldest of this.streams.keys()) if (this.streams.size > STREAMS_KEPT) this.streams.delete(oldest);
      return opened;
    }
    throw new Error("a frame of a key that this page does not have");
  }
}
