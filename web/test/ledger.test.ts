// The ledger's code in the browser against the published vectors of specs/vectors/ledger, good and forged.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytesOfText, Forged, fromHex, joined, Malformed, sha256, toHex, type Bytes } from "../src/ledger/bytes.ts";
import { parseProof, proofFile, readEntries, verifyProof } from "../src/ledger/entries.ts";
import { checkExtends, compare, forget, keep, openLedger, type Keeper } from "../src/ledger/memory.ts";
import { leafHash, nodeHash, verifyConsistency, verifyInclusion } from "../src/ledger/merkle.ts";
import { parseKey, verifyCheckpoint, verifySignature, type VerifierKey } from "../src/ledger/note.ts";
import { decodeBundle, decodeTile, parseTilePath, tilePath } from "../src/ledger/tiles.ts";
import { TileTree, type ReadFile } from "../src/ledger/tree.ts";

const vectors = (name: string): any => JSON.parse(readFileSync(`../specs/vectors/ledger/${name}.json`, "utf8"));
const entry = (index: number): Bytes => bytesOfText(`entry ${index}`);
type Folder = Map<string, Uint8Array>;
const reading = (folder: Folder): ReadFile => async (path) => folder.get(path) ?? null;

/** A ledger folder of `size` entries, written by another road than the code under test: hash after hash, tile by tile. */
async function folderOf(size: number, entryAt: (index: number) => Bytes = entry): Promise<Folder> {
  const folder: Folder = new Map();
  let hashes: Bytes[] = [];
  for (let index = 0; index < size; index += 1) hashes.push(await leafHash(entryAt(index)));
  for (let place = 0; place * 256 < size; place += 1) {
    const count = Math.min(256, size - place * 256);
    const content = Array.from({ length: count }, (_, at) => entryAt(place * 256 + at)).flatMap((each) => [Uint8Array.of(each.length >> 8, each.length & 255), each]);
    folder.set(tilePath({ level: -1, index: place, width: count }), joined(...content));
  }
  for (let level = 0; hashes.length; level += 1) {
    const above: Bytes[] = [];
    for (let place = 0; place * 256 < hashes.length; place += 1) {
      let row = hashes.slice(place * 256, place * 256 + 256);
      folder.set(tilePath({ level, index: place, width: row.length }), joined(...row));
      if (row.length < 256) continue;
      while (row.length > 1) row = await Promise.all(Array.from({ length: row.length / 2 }, (_, at) => nodeHash(row[2 * at]!, row[2 * at + 1]!)));
      above.push(row[0]!);
    }
    hashes = above;
  }
  return folder;
}

const trees: { size: number; root: string; inclusion: Record<string, string[]>; consistency: Record<string, string[]>; tiles: { level: number; index: number; width: number; sha256: string }[] }[] = vectors("trees").trees;
const rootOf = (size: number): Bytes => fromHex(trees.find((each) => each.size === size)!.root);

for (const vector of trees.filter((each) => each.size <= 600)) {
  test(`a tree of ${vector.size} entries has the published tiles, root and proofs`, async () => {
    const folder = await folderOf(vector.size);
    for (const tile of vector.tiles) assert.equal(toHex(await sha256(folder.get(tilePath(tile))!)), tile.sha256);
    const tree = await TileTree.open(vector.size, fromHex(vector.root), reading(folder));
    for (const [index, hashes] of Object.entries(vector.inclusion)) assert.deepEqual((await tree.inclusionProof(Number(index))).map(toHex), hashes);
    for (const [old, hashes] of Object.entries(vector.consistency)) assert.deepEqual((await tree.consistencyProof(Number(old))).map(toHex), hashes);
  });
}

for (const vector of trees) {
  test(`published proofs in a tree of ${vector.size} hold, and with one bit changed none does`, async () => {
    const root = fromHex(vector.root);
    for (const [index, hashes] of Object.entries(vector.inclusion)) {
      const proof = hashes.map(fromHex);
      const leaf = await leafHash(entry(Number(index)));
      await verifyInclusion(leaf, Number(index), vector.size, proof, root);
      for (let at = 0; at < proof.length; at += 1) await assert.rejects(verifyInclusion(leaf, Number(index), vector.size, flipped(proof, at), root), Forged);
      await assert.rejects(verifyInclusion(await leafHash(entry(Number(index) + 1)), Number(index), vector.size, proof, root), Forged);
      await assert.rejects(verifyInclusion(leaf, Number(index), vector.size, [...proof, root], root), Forged);
    }
    for (const [old, hashes] of Object.entries(vector.consistency)) {
      if (!trees.some((each) => each.size === Number(old))) continue;
      const proof = hashes.map(fromHex);
      await verifyConsistency(Number(old), vector.size, rootOf(Number(old)), root, proof);
      for (let at = 0; at < proof.length; at += 1) await assert.rejects(verifyConsistency(Number(old), vector.size, rootOf(Number(old)), root, flipped(proof, at)), Forged);
      await assert.rejects(verifyConsistency(Number(old), vector.size, await leafHash(root), root, proof), Forged);
    }
  });
}

function flipped(hashes: Bytes[], at: number): Bytes[] {
  return hashes.map((hash, place) => (place === at ? Uint8Array.from(hash, (byte, n) => (n === 31 ? byte ^ 1 : byte)) : hash));
}

test("an index outside the tree is malformed, not forged", async () => {
  for (const index of [-1, 7, 1.5, NaN]) await assert.rejects(verifyInclusion(rootOf(1), index, 7, [], rootOf(7)), Malformed);
});

test("whatever single tile is altered or missing, nothing of it is believed", async () => {
  const folder = await folderOf(600);
  for (const path of [...folder.keys()].filter((each) => !each.includes("entries"))) {
    const broken = new Map(folder);
    const content = Uint8Array.from(folder.get(path)!);
    content[5]! ^= 1;
    broken.set(path, content);
    await assert.rejects(async () => { const tree = await TileTree.open(600, rootOf(600), reading(broken)); for (const index of [0, 300, 599]) await tree.leafHash(index); }, Forged, path);
    broken.delete(path);
    await assert.rejects(async () => { const tree = await TileTree.open(600, rootOf(600), reading(broken)); for (const index of [0, 300, 599]) await tree.leafHash(index); }, Forged, path);
  }
});

test("the full tile serves where a partial one was", async () => {
  const folder = await folderOf(600);
  const tree = await TileTree.open(257, rootOf(257), async (path) => (path === "tile/1/000.p/1" ? folder.get("tile/1/000.p/2")! : path.includes(".p/") ? null : folder.get(path) ?? null));
  assert.equal(toHex(await tree.leafHash(0)), toHex(await leafHash(entry(0))));
});

test("paths are read and written as published, and no other spelling is", () => {
  for (const row of vectors("paths").good) {
    assert.equal(tilePath(row), row.path);
    assert.deepEqual(parseTilePath(row.path), { level: row.level, index: row.index, width: row.width });
  }
  for (const path of vectors("paths").bad) assert.throws(() => parseTilePath(path), Malformed, path);
});

const notes = vectors("notes");
for (const row of notes.good) test(`a good checkpoint is accepted: ${row.why}`, async () => {
  assert.equal((await verifyCheckpoint(bytesOfText(row.note), await parseKey(notes.vkey))).origin, "example.com/log");
});
for (const row of notes.invalid) test(`a malformed checkpoint is refused as malformed: ${row.why}`, async () => {
  await assert.rejects(async () => verifyCheckpoint(bytesOfText(row.note), await parseKey(notes.vkey)), Malformed);
});
for (const row of notes.not_intact) test(`a forged checkpoint is refused as forged: ${row.why}`, async () => {
  await assert.rejects(async () => verifyCheckpoint(bytesOfText(row.note), await parseKey(notes.vkey)), Forged);
});
for (const text of notes.bad_vkeys) test(`no verifier key: ${JSON.stringify(text).slice(0, 30)}`, async () => {
  await assert.rejects(parseKey(text), Malformed);
});
for (const row of vectors("ed25519")) test(`a signature is judged as published: ${row.why}`, async () => {
  assert.equal(await verifySignature(fromHex(row.public), fromHex(row.signature), fromHex(row.message)), row.valid);
});

// A ledger with its own key: what a browser sees on several visits.
const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
const keyOf = async (name: string): Promise<VerifierKey> => {
  const material = joined(Uint8Array.of(1), new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const id = toHex((await sha256(joined(bytesOfText(`${name}\n`), material))).slice(0, 4));
  return parseKey(`${name}+${id}+${Buffer.from(material).toString("base64")}`);
};
const key = await keyOf("test.example/log");

async function ledger(size: number, entryAt?: (index: number) => Bytes): Promise<Folder> {
  const folder = await folderOf(size, entryAt);
  let row: { width: number; hash: Bytes }[] = [];
  for (let index = 0; index < size; index += 1) {
    row.push({ width: 1, hash: await leafHash((entryAt ?? entry)(index)) });
    while (row.length > 1 && row.at(-1)!.width === row.at(-2)!.width) { const right = row.pop()!; const left = row.pop()!; row.push({ width: 2 * left.width, hash: await nodeHash(left.hash, right.hash) }); }
  }
  let root = row.pop()?.hash ?? (await sha256(new Uint8Array()));
  while (row.length) root = await nodeHash(row.pop()!.hash, root);
  const text = `${key.name}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, bytesOfText(text)));
  folder.set("checkpoint", bytesOfText(`${text}\n— ${key.name} ${Buffer.from(joined(fromHex(key.id), signature)).toString("base64")}\n`));
  return folder;
}

function keeping(): Keeper {
  const kept = new Map<string, string>();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => void kept.set(name, value), removeItem: (name) => void kept.delete(name) };
}

async function visit(keeper: Keeper, folder: Folder, by: VerifierKey = key): Promise<string> {
  const opened = await openLedger(reading(folder), by);
  const seen = await compare(keeper, opened.tree, opened.checkpoint.origin, by);
  keep(keeper, opened.checkpoint, opened.note, by, new Date());
  return seen.state;
}

test("a later visit proves that the ledger only grew", async () => {
  const keeper = keeping();
  assert.equal(await visit(keeper, await ledger(5)), "first");
  assert.equal(await visit(keeper, await ledger(5)), "same");
  assert.equal(await visit(keeper, await ledger(300)), "extended");
});

test("a ledger that was rolled back or forked is told from what was seen, though its checkpoint is signed", async () => {
  const keeper = keeping();
  await visit(keeper, await ledger(300));
  await assert.rejects(visit(keeper, await ledger(299)), (error: Forged) => error.kind === "rolled_back");
  const other = (index: number): Bytes => bytesOfText(index === 17 ? "another entry" : `entry ${index}`);
  await assert.rejects(visit(keeper, await ledger(300, other)), (error: Forged) => error.kind === "forked");
  await assert.rejects(visit(keeper, await ledger(400, other)), (error: Forged) => error.kind === "forked");
  assert.equal(await visit(keeper, await ledger(301)), "extended");
  forget(keeper, key.name);
  assert.equal(await visit(keeper, await ledger(299)), "first");
});

test("a key that changes between two visits is no key to believe", async () => {
  const keeper = keeping();
  await visit(keeper, await ledger(5));
  const folder = await ledger(5);
  const other = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
  const material = joined(Uint8Array.of(1), new Uint8Array(await crypto.subtle.exportKey("raw", other.publicKey)));
  const id = toHex((await sha256(joined(bytesOfText(`${key.name}\n`), material))).slice(0, 4));
  const changed = await parseKey(`${key.name}+${id}+${Buffer.from(material).toString("base64")}`);
  const { tree } = await openLedger(reading(folder), key);
  await assert.rejects(compare(keeper, tree, key.name, changed), (error: Forged) => error.kind === "signature");
});

test("what was kept in the browser and is spoilt counts as nothing seen", async () => {
  const keeper = keeping();
  keeper.setItem("jianlu-ledger:test.example/log", "{broken");
  assert.equal(await visit(keeper, await ledger(3)), "first");
});

test("an entry that was altered in its bundle is not shown", async () => {
  const folder = await ledger(300);
  const { tree } = await openLedger(reading(folder), key);
  assert.deepEqual((await readEntries(tree, reading(folder), 254, 258)).map((each) => Buffer.from(each.bytes).toString()), ["entry 254", "entry 255", "entry 256", "entry 257"]);
  const bundle = Uint8Array.from(folder.get("tile/entries/000")!);
  bundle[bundle.length - 1]! ^= 1;
  folder.set("tile/entries/000", bundle);
  await assert.rejects(readEntries(tree, reading(folder), 250, 256), Forged);
});

test("a proof file made here proves its entry and no other", async () => {
  const folder = await ledger(300);
  const { tree, note } = await openLedger(reading(folder), key);
  const file = proofFile(257, await tree.inclusionProof(257), note);
  assert.equal((await verifyProof(file, entry(257), key)).index, 257);
  await assert.rejects(verifyProof(file, entry(256), key), Forged);
  assert.throws(() => parseProof(file.slice(3)), Malformed);
});

test("consistency with a saved checkpoint is proved by the ledger's own tiles", async () => {
  const folder = await ledger(300);
  const { tree } = await openLedger(reading(folder), key);
  const earlier = await openLedger(reading(await ledger(129)), key);
  assert.ok((await checkExtends(tree, earlier.checkpoint)) > 0);
});

test("cut tiles and bundles are malformed", () => {
  assert.throws(() => decodeTile(new Uint8Array(33), 1), Malformed);
  assert.throws(() => decodeTile(new Uint8Array(32), 2), Malformed);
  assert.throws(() => decodeBundle(Uint8Array.of(0, 5, 1), 1), Malformed);
  assert.throws(() => decodeBundle(Uint8Array.of(0), 1), Malformed);
});
