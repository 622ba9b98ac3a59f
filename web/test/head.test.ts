import assert from "node:assert/strict";
import { test } from "node:test";
import { aimOf, gapsAt, isBlank, moveOf, type Standing } from "../src/media/head.ts";

const has: Standing = { holds: true, isSettled: true, next: null };
const lost = (next: number | null): Standing => ({ holds: false, isSettled: true, next });
const loading: Standing = { holds: false, isSettled: false, next: null };

test("who leads goes on leading while there is something to show", () => {
  assert.deepEqual(moveOf([has, has], 1), { kind: "follow", lead: 1 });
});

test("a role that was lost does not hold up the other", () => {
  assert.deepEqual(moveOf([lost(60_000), has], 0), { kind: "follow", lead: 1 });
});

test("where nobody has anything the head hops to the first that has, however far", () => {
  assert.deepEqual(moveOf([lost(700_000), lost(640_000)], 0), { kind: "hop", to: 640_000 });
});

test("what is still being fetched is waited for, not hopped over", () => {
  assert.deepEqual(moveOf([loading, lost(90_000)], 0), { kind: "wait" });
});

test("behind the last piece is the end", () => {
  assert.deepEqual(moveOf([lost(null), lost(null)], 0), { kind: "end" });
  assert.deepEqual(moveOf([], 0), { kind: "end" });
});

test("a gap concerns the role whose track it is, and everybody when it is nobody's", () => {
  const roles = ["agent", "customer"];
  const gaps = [{ from_ms: 0, to_ms: 10, side: "customer-picture" }, { from_ms: 0, to_ms: 10, side: "customer" }, { from_ms: 5, to_ms: 20, side: "recorder" }];
  assert.equal(gapsAt(gaps, "customer", roles, 4).length, 2);
  assert.equal(gapsAt(gaps, "agent", roles, 4).length, 0);
  assert.equal(gapsAt(gaps, "agent", roles, 5).length, 1);
  assert.equal(gapsAt(gaps, "customer", roles, 10).length, 1);
});

test("a frame's worth of nothing is no gap, a longer one is, and what is being fetched is neither", () => {
  assert.equal(isBlank(lost(1_040), 1_000, 990), false);
  assert.equal(isBlank(lost(9_000), 5_000, 1_000), true);
  assert.equal(isBlank(lost(9_000), 1_100, 1_000), false);
  assert.equal(isBlank(lost(null), 5_000, null), true);
  assert.equal(isBlank(loading, 5_000, 1_000), false);
  assert.equal(isBlank(has, 5_000, null), false);
});

test("a video stands on the frame that comes in a moment", () => {
  assert.equal(aimOf(lost(1_040), 1_000), 1_041);
  assert.equal(aimOf(lost(9_000), 1_000), 1_000);
  assert.equal(aimOf(has, 1_000), 1_000);
});
