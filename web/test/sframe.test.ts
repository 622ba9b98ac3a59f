import assert from "node:assert/strict";
import { test } from "node:test";
import { derive, headerOf, openFrame, readHeader, sealFrame, setUp } from "../src/media/sframecodec.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const SHARED = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");

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

test("a frame is opened by members and by nobody else", async () => {
  const frame = Uint8Array.from({ length: 200 }, (_, n) => (n * 7) % 256);
  const [sender, member, stranger] = await Promise.all([setUp(SHARED, 3), setUp(SHARED, 3), setUp(Buffer.alloc(16, 9), 3)]);
  for (const kind of ["audio", "video"]) {
    const sealed = await sealFrame(sender, kind, frame);
    assert.notDeepEqual(sealed, frame);
    assert.deepEqual(await openFrame(member, kind, sealed), frame);
    await assert.rejects(openFrame(stranger, kind, sealed));
    const altered = Uint8Array.from(sealed);
    altered[0]! ^= 2;
    await assert.rejects(openFrame(member, kind, altered));
  }
});

test("no two frames use one nonce", async () => {
  const keys = await setUp(SHARED, 0);
  const frame = new Uint8Array(50);
  assert.notDeepEqual(await sealFrame(keys, "audio", frame), await sealFrame(keys, "audio", frame));
});
