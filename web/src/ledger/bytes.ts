// Bytes as they stand in the formats of a ledger: canonical base64, hex, SHA-256; and the two ways in which outside bytes fail.

/** Bytes that are not of their format: a wrong file, a damaged copy. */
export class Malformed extends Error {}

/** Well-formed bytes that prove the contrary of what they should: altered, forked, rolled back, signed by somebody else. */
export class Forged extends Error {
  constructor(message: string, readonly kind: "altered" | "forked" | "rolled_back" | "signature" | "missing" = "altered") {
    super(message);
  }
}

export type Bytes = Uint8Array<ArrayBuffer>;

/** The bytes of standard, padded base64 in its one spelling. */
export function fromBase64(text: string): Bytes {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) throw new Malformed("a base64 text is malformed");
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  if (toBase64(bytes) !== text) throw new Malformed("a base64 text is not in its canonical form");
  return bytes;
}

export const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(""));
export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");

export function fromHex(text: string): Bytes {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Malformed("a hexadecimal text is malformed");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function joined(...parts: Uint8Array[]): Bytes {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { made.set(part, at); at += part.length; }
  return made;
}

export const same = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && one.every((byte, at) => byte === other[at]);

export const sha256 = async (bytes: Uint8Array): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Bytes));

/** UTF-8, strictly. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed("bytes are not UTF-8 text");
  }
}

export const bytesOfText = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;
