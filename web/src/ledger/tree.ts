// A ledger's tree as its tiles tell it. No hash leaves here that the checkpoint's root does not bind: partial tiles must give the root,
// every other tile must hash to its place in the tile above. So what is taken from it is proved, whoever served the tiles.

import { Forged, Malformed, same, type Bytes } from "./bytes.ts";
import { checkPosition, emptyRoot, ENTRIES_MAX, nodeHash } from "./merkle.ts";
import { decodeTile, levelsOf, tileAt, tilePath, TILE_WIDTH, type Tile } from "./tiles.ts";

/** The bytes of the file at a path of the ledger folder, null where there is none. */
export type ReadFile = (path: string) => Promise<Uint8Array | null>;

/** A complete subtree: entries number · 2^height up to (number + 1) · 2^height. */
interface Subtree { height: number; number: number }
type Pyramid = Bytes[][];

const HEIGHT = 8;

export class TileTree {
  private readonly verified = new Map<string, Pyramid>();
  private constructor(readonly size: number, readonly root: Uint8Array, private readonly read: ReadFile) {}

  /** The tree of `size` entries with `root`; Forged when the tiles at its right edge do not give that root. */
  static async open(size: number, root: Uint8Array, read: ReadFile): Promise<TileTree> {
    if (!(Number.isInteger(size) && size >= 0 && size <= ENTRIES_MAX)) throw new Malformed("a ledger's size is out of bounds");
    const tree = new TileTree(size, root, read);
    for (const tile of edgeTiles(size)) tree.verified.set(tilePath(tile), await pyramidOf(await tree.load(tile)));
    if (!same(await tree.rangeHash(0, size), root)) throw new Forged("the tiles at the ledger's right edge do not give the checkpoint's root hash");
    return tree;
  }

  async leafHash(index: number): Promise<Bytes> {
    checkPosition(index, this.size);
    return this.value({ height: 0, number: index });
  }

  /** The root of this tree when it had `size` entries. */
  async rootAt(size: number): Promise<Bytes> {
    if (!(size >= 0 && size <= this.size)) throw new Malformed(`the ledger has ${this.size} entries, fewer than ${size}`);
    return this.rangeHash(0, size);
  }

  /** The hashes that prove an entry, its sibling first. */
  async inclusionProof(index: number): Promise<Bytes[]> {
    checkPosition(index, this.size);
    return this.hashes(inclusionRanges(index, this.size));
  }

  /** The hashes that prove that the tree of `oldSize` entries is the beginning of this one. */
  async consistencyProof(oldSize: number): Promise<Bytes[]> {
    if (!(oldSize >= 0 && oldSize <= this.size)) throw new Malformed(`the ledger has ${this.size} entries, fewer than ${oldSize}`);
    return this.hashes(consistencyRanges(oldSize, this.size));
  }

  private async hashes(ranges: [number, number][]): Promise<Bytes[]> {
    const found: Bytes[] = [];
    for (const [start, end] of ranges) found.push(await this.rangeHash(start, end));
    return found;
  }

  private async rangeHash(start: number, end: number): Promise<Bytes> {
    let computed: Bytes | null = null;
    for (const subtree of completeSubtrees(start, end).reverse()) {
      const value = await this.value(subtree);
      computed = computed ? await nodeHash(value, computed) : value;
    }
    return computed ?? emptyRoot();
  }

  private async value(subtree: Subtree): Promise<Bytes> {
    const tile = tileHolding(subtree, this.size);
    const row = subtree.height % HEIGHT;
    const found = (await this.pyramid(tile))[row]?.[subtree.number - tile.index * 2 ** (HEIGHT - row)];
    if (!found) throw new Malformed("a subtree lies outside the tree");
    return found;
  }

  private async pyramid(tile: Tile): Promise<Pyramid> {
    const path = tilePath(tile);
    const known = this.verified.get(path) ?? (await this.verify(tile));
    this.verified.set(path, known);
    return known;
  }

  private async verify(tile: Tile): Promise<Pyramid> {
    const made = await pyramidOf(await this.load(tile));
    const top = made[HEIGHT]?.[0];
    if (!top || !same(top, await this.value({ height: HEIGHT * (tile.level + 1), number: tile.index }))) throw new Forged(`${tilePath(tile)} was altered: it does not hash to its place in the tile above`);
    return made;
  }

  /** A partial tile may have been replaced by the full one. */
  private async load(tile: Tile): Promise<Bytes[]> {
    const path = tilePath(tile);
    const content = (await this.read(path)) ?? (tile.width < TILE_WIDTH ? await this.read(tilePath({ ...tile, width: TILE_WIDTH })) : null);
    if (!content) throw new Forged(`${path} is missing`, "missing");
    try {
      return decodeTile(content, tile.width);
    } catch {
      throw new Forged(`${path} was altered`);
    }
  }
}

/** The unfinished tile of each level that has one: they give the root. */
export function edgeTiles(size: number): Tile[] {
  return Array.from({ length: levelsOf(size) }, (_, level) => tileAt(level, Math.floor(size / TILE_WIDTH ** (level + 1)), size)).filter((tile) => tile !== null);
}

function tileHolding(subtree: Subtree, size: number): Tile {
  const tile = tileAt(Math.floor(subtree.height / HEIGHT), Math.floor(subtree.number / 2 ** (HEIGHT - (subtree.height % HEIGHT))), size);
  if (!tile) throw new Malformed("a subtree lies outside the tree");
  return tile;
}

/** The hashes of a tile and of every complete subtree over them, row by row. */
async function pyramidOf(hashes: Bytes[]): Promise<Pyramid> {
  const rows = [hashes];
  for (let row = 0; row < HEIGHT; row += 1) {
    const below = rows[row] ?? [];
    rows.push(await Promise.all(Array.from({ length: Math.floor(below.length / 2) }, (_, at) => nodeHash(below[2 * at]!, below[2 * at + 1]!))));
  }
  return rows;
}

/** The complete subtrees that make up entries start..end, largest first. */
function completeSubtrees(start: number, end: number): Subtree[] {
  const found: Subtree[] = [];
  while (start < end) {
    const height = Math.floor(Math.log2(end - start));
    found.push({ height, number: start / 2 ** height });
    start += 2 ** height;
  }
  return found;
}

/** Where a tree splits: after the largest power of two smaller than the number of its entries. */
const splitOf = (start: number, end: number): number => start + 2 ** (Math.ceil(Math.log2(end - start)) - 1);

function inclusionRanges(index: number, size: number): [number, number][] {
  const ranges: [number, number][] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = splitOf(start, end);
    if (index < middle) { ranges.unshift([middle, end]); end = middle; } else { ranges.unshift([start, middle]); start = middle; }
  }
  return ranges;
}

function consistencyRanges(oldSize: number, size: number): [number, number][] {
  if (oldSize === 0 || oldSize === size) return [];
  const ranges: [number, number][] = [];
  let [start, end] = [0, size];
  while (oldSize !== end) {
    const middle = splitOf(start, end);
    if (oldSize <= middle) { ranges.unshift([middle, end]); end = middle; } else { ranges.unshift([start, middle]); start = middle; }
  }
  if (start) ranges.unshift([start, end]);
  return ranges;
}
