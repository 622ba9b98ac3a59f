import assert from "node:assert/strict";
import { test } from "node:test";
import { derive, headerOf, newKid, openFrame, Opener, readHeader, sealFrame, setUp } from "../src/media/sframecodec.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const SHARED = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const FRAME = Uint8Array.from({ length: 200 }, (_, n) => (n * 7) % 256);

test("key and salt are those of RFC 9605, appendix C.3 (AES_128_GCM_SHA256_128)", async () => {
  const { key, salt } = await derive(SHARED, 0x123);
  assert.equal(hex(key), "d34f547f4ca4f9a7447006fe7fcbf768");
  assert.equal(hex(salt), "75234edefe07819026751816");
});

test("headers are those of RFC 9605, appendix C.1", () => {
  for (const [kid, counter, want] of [[0, 0, "00"], [0, 7, "07"], [0, 8, "0808"], [0, 255, "08ff"], [0, 256, "090100"], [7, 7, "77"], [8, 0, "8008"], [255, 65536, "8aff010000"]] as const) {
    assert.equal(hex(headerOf(kid, counter)), want);
    assert.deepEqual(readHeader(headerOf(kid, counter)), { kid, counter, length: want.length / 2 });
  }
});

test("the longest key ids survive the header, and no two streams take the same", () => {
  const kids = Array.from({ length: 100 }, newKid);
  for (const kid of [...kids, 2 ** 48 - 1]) assert.equal(readHeader(headerOf(kid, 5)).kid, kid);
  assert.equal(new Set(kids).size, 100);
});

test("a frame is opened by members and by nobody else", async () => {
  const [sender, member, stranger] = await Promise.all([setUp(SHARED, 3), setUp(SHARED, 3), setUp(Buffer.alloc(16, 9), 3)]);
  for (const kind of ["audio", "video"]) {
    const sealed = await sealFrame(sender, kind, FRAME);
    assert.notDeepEqual(sealed, FRAME);
    assert.deepEqual(await openFrame(member, kind, sealed), FRAME);
    await assert.rejects(openFrame(stranger, kind, sealed));
    const altered = Uint8Array.from(sealed);
    altered[0]! ^= 2;
    await assert.rejects(openFrame(member, kind, altered));
  }
});

test("no two frames use one nonce, also when they are sealed at the same time", async () => {
  const keys = await setUp(SHARED, 0);
  const sealed = await Promise.all(Array.from({ length: 20 }, () => sealFrame(keys, "audio", new Uint8Array(50))));
  assert.equal(new Set(sealed.map((each) => readHeader(each.subarray(1)).counter)).size, 20);
});

test("an opener takes streams as they come, under any of its keys, in any order, but no frame twice", async () => {
  const other = Buffer.alloc(32, 7);
  const opener = new Opener("audio", async () => [Buffer.alloc(32, 1), other, SHARED]);
  for (const baseKey of [SHARED, other]) {
    const sender = await setUp(baseKey, newKid());
    const [first, second, third] = [await sealFrame(sender, "audio", FRAME), await sealFrame(sender, "audio", FRAME), await sealFrame(sender, "audio", FRAME)];
    assert.deepEqual(await opener.open(first), FRAME);
    assert.deepEqual(await opener.open(third), FRAME);
    assert.deepEqual(await opener.open(second), FRAME);
    await assert.rejects(opener.open(second));
  }
  await assert.rejects(opener.open(await sealFrame(await setUp(Buffer.alloc(32, 2), 5), "audio", FRAME)));
  await assert.rejects(opener.open(FRAME));
});
