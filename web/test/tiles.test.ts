import assert from "node:assert/strict";
import { test } from "node:test";
import { edgeOf, freshCalls, isAlarmed, isWanted, needsSomebody, nextTile, trackLook, type Tile } from "../src/parts/tiles.ts";

const tile = (more: Partial<Tile> = {}): Tile => ({
  case: "c1", number: "1", title: "Sale", template: "t", state: "live", language: "zh", profile: "standard", customer: "", agent: "", created_at: "", started_at: null, elapsed_ms: 0,
  step: null, recording: { state: "recording", recorded_until_ms: 0 }, tracks: {}, health: { level: "green", messages: [], looked_ms: 1 }, calls_supervisor: false, supervisor: null, noted: null, ...more,
});
const health = (level: Tile["health"]["level"]): Partial<Tile> => ({ health: { level, messages: [], looked_ms: null } });

test("a session of which nothing is known is never green", () => {
  assert.equal(edgeOf(tile(health("none"))), "");
  assert.equal(edgeOf(tile()), "good");
  assert.equal(edgeOf(tile({ state: "paused" })), "care");
});

test("a check that calls weighs more than a healthy recording", () => {
  assert.equal(edgeOf(tile({ calls_supervisor: true })), "bad");
  assert.deepEqual([tile(), tile({ calls_supervisor: true }), tile(health("amber")), tile(health("red"))].map(needsSomebody), [false, true, true, true]);
});

test("a track that is lost, frozen or cannot be decrypted is bad, and one that nobody knows too", () => {
  assert.deepEqual(["ok", "starting", "weak", "silent", "lost", "frozen", "undecryptable", "new_word"].map(trackLook), ["good", "", "care", "care", "bad", "bad", "bad", "bad"]);
});

test("a call is said once, when it begins", () => {
  const called = tile({ case: "c2", calls_supervisor: true });
  assert.deepEqual(freshCalls([tile()], [tile(), called]).map((each) => each.case), ["c2"]);
  assert.deepEqual(freshCalls([called], [called]), []);
});

test("what somebody has taken note of is still alarming, and nobody is needed", () => {
  const noted = tile({ calls_supervisor: true, noted: { name: "He", at: "2026-11-26T00:00:00.000Z" } });
  assert.deepEqual([isAlarmed(noted), needsSomebody(noted), edgeOf(noted)], [true, false, "bad"]);
});

test("tiles are found by number, title, agent or customer, and by template", () => {
  const found = tile({ number: "JL-7", title: "分红险", agent: "林经理", customer: "王**" });
  assert.deepEqual(["jl-7", "分红", "林", " 王** ", "", "张"].map((text) => isWanted(found, text, "")), [true, true, true, true, true, false]);
  assert.deepEqual([isWanted(found, "", "t"), isWanted(found, "", "loan")], [true, false]);
});

test("arrows lead from tile to tile and never off the wall", () => {
  assert.deepEqual(["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End", "x"].map((key) => nextTile(key, 4, 9, 3)), [5, 3, 7, 1, 0, 8, -1]);
  assert.deepEqual([nextTile("ArrowRight", 8, 9, 3), nextTile("ArrowUp", 1, 9, 3)], [-1, -1]);
});
