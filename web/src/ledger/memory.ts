// What this browser saw of a ledger before: a checkpoint kept here proves at the next visit that nothing was taken back or rewritten since.

import { Forged, fromBase64, same, toBase64 } from "./bytes.ts";
import { verifyConsistency } from "./merkle.ts";
import { verifyCheckpoint, type Checkpoint, type VerifierKey } from "./note.ts";
import { TileTree, type ReadFile } from "./tree.ts";

export interface Keeper { getItem(key: string): string | null; setItem(key: string, value: string): void; removeItem(key: string): void }

/** How the ledger now stands to what was seen before; `proof` are the hashes that were checked. */
export interface Seen { state: "first" | "same" | "extended"; before: Kept | null; proof: number }
export interface Kept { note: string; key: string; at: string }

const PLACE = "jianlu-ledger:";

export function kept(keeper: Keeper, origin: string): Kept | null {
  try {
    const found = JSON.parse(keeper.getItem(PLACE + origin) ?? "null") as Kept | null;
    return found && typeof found.note === "string" && typeof found.key === "string" ? found : null;
  } catch {
    return null;
  }
}

/** Keep what was just verified. Only ever called with a checkpoint that extends the one kept before. */
export function keep(keeper: Keeper, checkpoint: Checkpoint, note: Uint8Array, key: VerifierKey, now: Date): void {
  keeper.setItem(PLACE + checkpoint.origin, JSON.stringify({ note: toBase64(note), key: key.text, at: now.toISOString() }));
}

/** Begin anew, after a person decided so: an institution that made a new ledger told them of it. */
export const forget = (keeper: Keeper, origin: string): void => keeper.removeItem(PLACE + origin);

/** Forged ("rolled_back", "forked") unless `tree` is the earlier checkpoint's tree or an extension of it, as its own tiles prove. */
export async function checkExtends(tree: TileTree, earlier: Checkpoint): Promise<number> {
  if (earlier.size > tree.size) throw new Forged(`the ledger was rolled back: ${tree.size} entries now, ${earlier.size} before`, "rolled_back");
  if (!same(await tree.rootAt(earlier.size), earlier.root)) throw new Forged(`the ledger was forked: its first ${earlier.size} entries are not those seen before`, "forked");
  const proof = await tree.consistencyProof(earlier.size);
  await verifyConsistency(earlier.size, tree.size, earlier.root, tree.root, proof);
  return proof.length;
}

/** Compares the ledger with what this browser saw. A key that changed is as bad as a history that did. */
export async function compare(keeper: Keeper, tree: TileTree, origin: string, key: VerifierKey): Promise<Seen> {
  const before = kept(keeper, origin);
  if (!before) return { state: "first", before: null, proof: 0 };
  if (before.key !== key.text) throw new Forged("the ledger shows another key than at an earlier visit", "signature");
  const earlier = await verifyCheckpoint(fromBase64(before.note), key);
  const proof = await checkExtends(tree, earlier);
  return { state: earlier.size === tree.size ? "same" : "extended", before, proof };
}

export interface Opened { checkpoint: Checkpoint; tree: TileTree; note: Uint8Array }

/** The ledger behind `read`: its checkpoint signed by `key`, its tree bound to it. */
export async function openLedger(read: ReadFile, key: VerifierKey): Promise<Opened> {
  const note = await read("checkpoint");
  if (!note) throw new Forged("the ledger shows no checkpoint", "missing");
  const checkpoint = await verifyCheckpoint(note, key);
  return { checkpoint, note, tree: await TileTree.open(checkpoint.size, checkpoint.root, read) };
}
