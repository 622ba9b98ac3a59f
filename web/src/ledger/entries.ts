// Entries of a ledger, each bound to the checkpoint before it is shown, and the proof of one as a file that other programs read too.

import { bytesOfText, Forged, fromBase64, joined, Malformed, same, textOfBytes, toBase64, type Bytes } from "./bytes.ts";
import { leafHash, verifyInclusion } from "./merkle.ts";
import { verifyCheckpoint, type Checkpoint, type VerifierKey } from "./note.ts";
import { decodeBundle, ENTRIES_LEVEL, tileAt, tilePath, TILE_WIDTH } from "./tiles.ts";
import { TileTree, type ReadFile } from "./tree.ts";

export interface Entry { index: number; bytes: Bytes }

/** The entries from..until (exclusive), each hashed and compared with its place in the tree. */
export async function readEntries(tree: TileTree, read: ReadFile, from: number, until: number): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let place = Math.floor(from / TILE_WIDTH); place * TILE_WIDTH < Math.min(until, tree.size); place += 1) {
    for (const [offset, bytes] of (await readBundle(tree, read, place)).entries()) {
      const index = place * TILE_WIDTH + offset;
      if (index < from || index >= until) continue;
      if (!same(await leafHash(bytes), await tree.leafHash(index))) throw new Forged(`entry ${index} was altered: it does not hash to its place in the tree`);
      found.push({ index, bytes });
    }
  }
  return found;
}

async function readBundle(tree: TileTree, read: ReadFile, place: number): Promise<Bytes[]> {
  const bundle = tileAt(ENTRIES_LEVEL, place, tree.size);
  if (!bundle) return [];
  const content = (await read(tilePath(bundle))) ?? (await read(tilePath({ ...bundle, width: TILE_WIDTH })));
  if (!content) throw new Forged(`${tilePath(bundle)} is missing`, "missing");
  return decodeBundle(content, bundle.width);
}

const HEADER = "c2sp.org/tlog-proof@v1";
const PROOF_BYTES_MAX = 128 * 1024;

export interface Proof { index: number; hashes: Bytes[]; checkpoint: Bytes }

/** The proof of an entry as a `.tlog-proof` file. */
export function proofFile(index: number, hashes: Uint8Array[], note: Uint8Array): Bytes {
  return joined(bytesOfText([HEADER, `index ${index}`, ...hashes.map(toBase64), "", ""].join("\n")), note);
}

/** A `.tlog-proof` file taken apart, nothing verified. */
export function parseProof(content: Uint8Array): Proof {
  if (content.length > PROOF_BYTES_MAX) throw new Malformed("a proof is too long");
  const whole = textOfBytes(content);
  const at = whole.indexOf("\n\n");
  const lines = whole.slice(0, at < 0 ? 0 : at).split("\n");
  if (at < 0 || lines.shift() !== HEADER) throw new Malformed(`a proof must begin with the line ${HEADER} and contain a checkpoint`);
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? "")?.[1];
  if (index === undefined) throw new Malformed("a proof must name the index of its entry");
  return { index: Number(index), hashes: lines.map(fromBase64), checkpoint: bytesOfText(whole.slice(at + 2)) };
}

/** The checkpoint under which `file` proves `entry`; Malformed or Forged otherwise. */
export async function verifyProof(file: Uint8Array, entry: Uint8Array, key: VerifierKey): Promise<{ index: number; checkpoint: Checkpoint }> {
  const proof = parseProof(file);
  const checkpoint = await verifyCheckpoint(proof.checkpoint, key);
  await verifyInclusion(await leafHash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root);
  return { index: proof.index, checkpoint };
}
