// Signed notes, verifier keys and checkpoints (c2sp.org/signed-note, tlog-checkpoint), Ed25519 only, as narrow as specs/checkpoint-and-proof.md.
// The signature itself is checked by the browser (WebCrypto); what RFC 8032 leaves open is refused here before it gets there.

import { bytesOfText, Forged, fromBase64, joined, Malformed, same, sha256, textOfBytes, toHex, type Bytes } from "./bytes.ts";
import { ENTRIES_MAX, HASH_BYTES } from "./merkle.ts";

const TYPE = 1;
const NOTE_BYTES_MAX = 64 * 1024;
const SIGNATURES_MAX = 100;
const NAME_MAX = 200;
const MARK = "— ";

export interface VerifierKey { name: string; id: string; key: Bytes; text: string }
interface Signature { name: string; id: string; signature: Bytes }
interface Note { text: string; signatures: Signature[] }
export interface Checkpoint { origin: string; size: number; root: Bytes }

const isName = (name: string): boolean => [...name].length > 0 && [...name].length <= NAME_MAX && !/[\s+\u0000-\u001f\u0085]/u.test(name);

/** The key that the text `name+id+base64` stands for; Malformed when its id is not that of its name and key. */
export async function parseKey(text: string): Promise<VerifierKey> {
  const found = /^([^+]*)\+([0-9a-f]{8})\+([^\n]*)$/s.exec(text);
  if (!found) throw new Malformed("a verifier key looks like name+12345678+base64");
  const [, name = "", id = "", encoded = ""] = found;
  const material = fromBase64(encoded);
  if (material.length !== 33 || material[0] !== TYPE) throw new Malformed("a verifier key must be an Ed25519 key (type 1)");
  if (!isName(name)) throw new Malformed("a key name is 1 to 200 characters without spaces and without +");
  if (toHex((await sha256(joined(bytesOfText(`${name}\n`), material))).slice(0, 4)) !== id) throw new Malformed("a verifier key's id does not belong to its name and key");
  return { name, id, key: material.slice(1) as Bytes, text };
}

function parseNote(content: Uint8Array): Note {
  if (content.length > NOTE_BYTES_MAX) throw new Malformed("a note is too long");
  const whole = textOfBytes(content);
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw new Malformed("a note contains control characters");
  const at = whole.lastIndexOf("\n\n");
  const after = whole.slice(at + 2);
  if (at < 0 || !after.endsWith("\n")) throw new Malformed("a note must end in an empty line and signature lines");
  const lines = after.slice(0, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) throw new Malformed("a note has too many signatures");
  return { text: whole.slice(0, at + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): Signature {
  const [, name = "", encoded = ""] = /^— (\S+) (.*)$/u.exec(line) ?? [];
  if (!line.startsWith(MARK) || !name || name.includes("+")) throw new Malformed("a signature line must be: em dash, key name, base64 of key id and signature");
  const blob = fromBase64(encoded);
  if (blob.length < 5) throw new Malformed("a signature is too short");
  return { name, id: toHex(blob.slice(0, 4)), signature: blob.slice(4) as Bytes };
}

/** What the note `content` states of the ledger, signed by `key`, whose name must be the ledger's origin. Malformed or Forged otherwise. */
export async function verifyCheckpoint(content: Uint8Array, key: VerifierKey): Promise<Checkpoint> {
  const note = parseNote(content);
  const signed = note.signatures.filter((each) => each.name === key.name && each.id === key.id);
  for (const each of signed) if (!(await verifySignature(key.key, each.signature, bytesOfText(note.text)))) throw new Forged("the checkpoint's signature is wrong: its text was altered or another key signed", "signature");
  if (!signed.length) throw new Forged("the checkpoint is not signed by this key", "signature");
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== key.name) throw new Forged("the checkpoint is of another ledger than its key", "signature");
  return checkpoint;
}

function parseCheckpoint(text: string): Checkpoint {
  const [origin = "", size = "", root = "", end] = text.split("\n");
  if (text.split("\n").length !== 4 || end !== "" || !origin) throw new Malformed("a checkpoint has exactly three lines: origin, size and root hash");
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size) || Number(size) > ENTRIES_MAX) throw new Malformed("a checkpoint's size must be decimal, without leading zeroes");
  const bytes = fromBase64(root);
  if (bytes.length !== HASH_BYTES) throw new Malformed("a checkpoint's root hash must have 32 bytes");
  return { origin, size: Number(size), root: bytes };
}

const PRIME = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
/** The y coordinates of the points of small order: 0, 1, -1 and the two of order 8. */
const SMALL = [0n, 1n, PRIME - 1n, 2707385501144840649318225287225658788936804267575313519463743609750303402022n, 55188659117513257062467267217118295137698188065244968500265048394206261417927n];

const little = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes.slice().reverse()) || "0"}`);

/** Whether an encoded point is canonical and not of small order. */
function isStrictPoint(encoded: Uint8Array): boolean {
  const y = little(encoded) % 2n ** 255n;
  return y < PRIME && !SMALL.includes(y);
}

/** Whether `signature` is the Ed25519 signature of `message`; strict in all that RFC 8032 leaves open, false for anything malformed. */
export async function verifySignature(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  if (!isStrictPoint(publicKey) || !isStrictPoint(signature.slice(0, 32)) || little(signature.slice(32)) >= ORDER) return false;
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("raw", publicKey as Bytes, "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") throw error;
    return false;
  }
  return crypto.subtle.verify("Ed25519", key, signature as Bytes, message as Bytes);
}

export const sameCheckpoint = (one: Checkpoint, other: Checkpoint): boolean => one.origin === other.origin && one.size === other.size && same(one.root, other.root);
