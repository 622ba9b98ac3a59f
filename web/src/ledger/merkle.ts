// Merkle hashes and proofs (RFC 6962, section 2.1; the walks are those of RFC 9162, sections 2.1.3.2 and 2.1.4.2). Numbers go beyond
// 32 bits (a ledger has up to 2^40 entries), so nothing here shifts.

import { Forged, joined, Malformed, same, sha256, type Bytes } from "./bytes.ts";

export const ENTRIES_MAX = 2 ** 40;
export const HASH_BYTES = 32;
const PROOF_HASHES_MAX = 64;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (entry: Uint8Array): Promise<Bytes> => sha256(joined(LEAF, entry));
export const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Bytes> => sha256(joined(NODE, left, right));
export const emptyRoot = (): Promise<Bytes> => sha256(new Uint8Array());

const half = (n: number): number => Math.floor(n / 2);
const isOdd = (n: number): boolean => n % 2 === 1;
const isPower = (n: number): boolean => { while (n > 1 && !isOdd(n)) n = half(n); return n === 1; };

/** Throws Forged unless `hashes`, the leaf's sibling first, prove `leaf` at `index` of the tree of `size` entries with `root`. */
export async function verifyInclusion(leaf: Uint8Array, index: number, size: number, hashes: Uint8Array[], root: Uint8Array): Promise<void> {
  checkPosition(index, size);
  checkHashes(hashes);
  let at = index;
  let last = size - 1;
  let computed = leaf;
  for (const sibling of hashes) {
    if (last === 0) throw new Forged("an inclusion proof has too many hashes");
    if (isOdd(at) || at === last) {
      computed = await nodeHash(sibling, computed);
      while (!isOdd(at) && at) { at = half(at); last = half(last); }
    } else computed = await nodeHash(computed, sibling);
    at = half(at);
    last = half(last);
  }
  if (last !== 0 || !same(computed, root)) throw new Forged(`entry ${index} is not proved: its proof does not lead to the root hash`);
}

/** Throws Forged unless `hashes` prove that the tree `oldSize`, `oldRoot` is the beginning of the tree `newSize`, `newRoot`. */
export async function verifyConsistency(oldSize: number, newSize: number, oldRoot: Uint8Array, newRoot: Uint8Array, hashes: Uint8Array[]): Promise<void> {
  if (!(oldSize >= 0 && oldSize <= newSize && newSize <= ENTRIES_MAX)) throw new Malformed("a consistency proof leads from a smaller to a larger ledger");
  checkHashes(hashes);
  const forked = (): Forged => new Forged("the ledger is not an extension of its earlier state", "forked");
  if (oldSize === 0 || oldSize === newSize) {
    if (hashes.length || !same(oldRoot, oldSize === 0 ? await emptyRoot() : newRoot)) throw forked();
    return;
  }
  const path = isPower(oldSize) ? [oldRoot, ...hashes] : [...hashes];
  let at = oldSize - 1;
  let last = newSize - 1;
  while (isOdd(at)) { at = half(at); last = half(last); }
  const first = path.shift();
  if (!first) throw forked();
  let fromOld = first;
  let fromNew = first;
  for (const sibling of path) {
    if (last === 0) throw forked();
    if (isOdd(at) || at === last) {
      fromOld = await nodeHash(sibling, fromOld);
      fromNew = await nodeHash(sibling, fromNew);
      while (!isOdd(at) && at) { at = half(at); last = half(last); }
    } else fromNew = await nodeHash(fromNew, sibling);
    at = half(at);
    last = half(last);
  }
  if (last !== 0 || !same(fromOld, oldRoot) || !same(fromNew, newRoot)) throw forked();
}

export function checkPosition(index: number, size: number): void {
  if (!(Number.isInteger(index) && index >= 0 && index < size && size <= ENTRIES_MAX)) throw new Malformed(`there is no entry ${index} in a ledger of ${size} entries`);
}

function checkHashes(hashes: Uint8Array[]): void {
  if (hashes.length > PROOF_HASHES_MAX || hashes.some((each) => each.length !== HASH_BYTES)) throw new Malformed("a proof has at most 64 hashes of 32 bytes");
}
