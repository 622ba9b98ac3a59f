import assert from "node:assert/strict";
import { test } from "node:test";
import { Patience } from "../src/media/patience.ts";

const SECOND = 48_000;

test("a line that loses sound is waited for until it has been calm for half a minute", () => {
  const patience = new Patience();
  assert.equal(patience.look(0, SECOND), null);
  assert.equal(patience.look(200, 2 * SECOND), null);
  assert.equal(patience.look(200 + 0.05 * SECOND, 3 * SECOND), 400);
  const madeUp = 200 + 0.05 * SECOND;
  for (let second = 4; second < 33; second += 1) assert.equal(patience.look(madeUp, second * SECOND), 400);
  assert.equal(patience.look(madeUp, 33 * SECOND), null);
});

test("a new connection counts anew and is not taken for a loss", () => {
  const patience = new Patience();
  patience.look(0, SECOND);
  assert.equal(patience.look(9_000, 10_000), null);
  assert.equal(patience.look(9_000, 10_000 + SECOND), null);
});
