import assert from "node:assert/strict";
import { test } from "node:test";
import { ENOUGH_KBPS, lineKbps } from "../src/media/line.ts";

/** 100 kB that take so many milliseconds, try by try; null for a try that fails. */
function line(...takes: (number | null)[]): { fetched: () => Promise<number>; now: () => number; left: () => number } {
  let at = 0;
  return {
    fetched: async () => {
      const took = takes.shift() ?? null;
      if (took === null) throw new Error("cut");
      at += took;
      return 100_000;
    },
    now: () => at,
    left: () => takes.length,
  };
}

test("a line that is fast enough is measured once", async () => {
  const good = line(1000, 1);
  assert.equal(await lineKbps(good.fetched, good.now), 800);
  assert.equal(good.left(), 1);
});

test("a try that a busy machine held up does not make the line a slow one", async () => {
  const busy = line(9000, null, 1000);
  assert.equal(await lineKbps(busy.fetched, busy.now), 800);
});

test("a line that is slow each time is slow, and one that carries nothing is as good as none", async () => {
  const slow = line(8000, 10_000, 9000, 1);
  const found = await lineKbps(slow.fetched, slow.now);
  assert.ok(found === 100 && found < ENOUGH_KBPS);
  assert.equal(slow.left(), 1);
  const none = line(null, null, null);
  assert.equal(await lineKbps(none.fetched, none.now), 1);
});
