import assert from "node:assert/strict";
import { test } from "node:test";
import { freeCode, milliseconds, moved, newStep, stepOf } from "../src/scriptdraft.ts";

test("a new step has a code that no other has, and something to say", () => {
  assert.equal(freeCode("step", ["greeting", "step_3"]), "step_4");
  const made = newStep(["greeting", "closing"]);
  assert.deepEqual([made.id, made.say.length, made.speaker], ["step_3", 1, "agent"]);
});

test("what is moved beyond an end stays where it is, and nothing is lost", () => {
  assert.deepEqual(moved(["a", "b", "c"], 0, 1), ["b", "a", "c"]);
  assert.deepEqual(moved(["a", "b", "c"], 0, -1), ["a", "b", "c"]);
  assert.deepEqual(moved(["a", "b", "c"], 2, 1), ["a", "b", "c"]);
});

test("seconds become milliseconds, and what is no number is called wrong by the server", () => {
  assert.deepEqual(["3", "2.5", "1,5", "", "soon"].map(milliseconds), [3000, 2500, 1500, -1, -1]);
});

test("the place of a problem leads to its step", () => {
  assert.deepEqual([stepOf("steps/12/say/0/text/zh"), stepOf("title/en")], [12, -1]);
});
