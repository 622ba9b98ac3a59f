// Tiles and entry bundles as c2sp.org/tlog-tiles names and fills them. Where they come from is the reader's business; what they prove is in tree.ts.

import { Malformed, type Bytes } from "./bytes.ts";
import { HASH_BYTES } from "./merkle.ts";

export const TILE_WIDTH = 256;
export const ENTRIES_LEVEL = -1;
const LEVEL_MAX = 63;

export interface Tile { level: number; index: number; width: number }

/** The path of a tile or (level -1) a bundle, as in `tile/0/x001/234.p/5`. */
export function tilePath(tile: Tile): string {
  const groups = [String(tile.index % 1000).padStart(3, "0")];
  for (let rest = Math.floor(tile.index / 1000); rest; rest = Math.floor(rest / 1000)) groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  return `tile/${tile.level === ENTRIES_LEVEL ? "entries" : tile.level}/${groups.join("/")}${tile.width === TILE_WIDTH ? "" : `.p/${tile.width}`}`;
}

const PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** The tile at a path; Malformed unless it is the one spelling of its name. */
export function parseTilePath(path: string): Tile {
  const found = PATH.exec(path);
  if (!found) throw new Malformed("a path is not that of a tile or entry bundle");
  const level = found[1] === "entries" ? ENTRIES_LEVEL : Number(found[1]);
  const tile = { level, index: Number((found[2] ?? "").replace(/[x/]/g, "")), width: found[3] ? Number(found[3]) : TILE_WIDTH };
  if (level > LEVEL_MAX || tilePath(tile) !== path) throw new Malformed("a path is not the one spelling of a tile's name");
  return tile;
}

/** The tile at a place of a tree of `size` entries, as full as it is there; null where it is empty. */
export function tileAt(level: number, index: number, size: number): Tile | null {
  const width = Math.min(Math.floor(size / TILE_WIDTH ** Math.max(level, 0)) - index * TILE_WIDTH, TILE_WIDTH);
  return width > 0 ? { level, index, width } : null;
}

/** The levels of hash tiles that a tree of `size` entries has. */
export function levelsOf(size: number): number {
  let levels = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / TILE_WIDTH)) levels += 1;
  return levels;
}

/** The first `width` hashes of a tile. */
export function decodeTile(content: Uint8Array, width: number): Bytes[] {
  if (content.length % HASH_BYTES || content.length < width * HASH_BYTES || content.length > TILE_WIDTH * HASH_BYTES) throw new Malformed(`a tile has ${content.length} bytes where ${width} hashes are needed`);
  return Array.from({ length: width }, (_, at) => content.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES) as Bytes);
}

/** The first `width` entries of a bundle. */
export function decodeBundle(content: Uint8Array, width: number): Bytes[] {
  const entries: Bytes[] = [];
  let at = 0;
  while (at < content.length) {
    const end = at + 2 + (content[at] ?? 0) * 256 + (content[at + 1] ?? 0);
    if (at + 2 > content.length || end > content.length || entries.length === TILE_WIDTH) throw new Malformed(`an entry bundle is cut or overlong after entry ${entries.length}`);
    entries.push(content.slice(at + 2, end) as Bytes);
    at = end;
  }
  if (entries.length < width) throw new Malformed(`an entry bundle holds ${entries.length} entries where ${width} are needed`);
  return entries.slice(0, width);
}
