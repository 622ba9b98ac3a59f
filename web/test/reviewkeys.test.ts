import assert from "node:assert/strict";
import { test } from "node:test";

import { actOf, LISTED, type Pressed } from "../src/parts/reviewkeys.ts";

const pressed = (key: string, more: Partial<Pressed> = {}): Pressed => ({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...more });
const PAGE = { tag: "BODY", type: "" };

test("keys play, move, judge and mark a stretch", () => {
  assert.deepEqual(actOf(pressed(" "), PAGE), { kind: "play" });
  assert.deepEqual([actOf(pressed("j"), PAGE), actOf(pressed("k"), PAGE)], [{ kind: "move", by: 1 }, { kind: "move", by: -1 }]);
  assert.deepEqual(["1", "2", "3"].map((key) => actOf(pressed(key), PAGE)), [0, 1, 2].map((no) => ({ kind: "verdict", no })));
  assert.deepEqual([actOf(pressed("["), PAGE), actOf(pressed("]"), PAGE)], [{ kind: "end", name: "from_ms" }, { kind: "end", name: "to_ms" }]);
  assert.equal(actOf(pressed("4"), PAGE), null);
});

test("nobody's typing is taken for a key", () => {
  for (const at of [{ tag: "TEXTAREA", type: "" }, { tag: "SELECT", type: "" }, { tag: "INPUT", type: "search" }, { tag: "INPUT", type: "date" }])
    for (const key of [" ", "j", "1", "r"]) assert.equal(actOf(pressed(key), at), null, `${key} in ${at.tag}`);
});

test("the browser's own keys stay its own", () => {
  for (const held of ["ctrlKey", "altKey", "metaKey"] as const) assert.equal(actOf(pressed("r", { [held]: true }), PAGE), null);
  assert.equal(actOf(pressed("J", { shiftKey: true }), PAGE), null);
  for (const tag of ["BUTTON", "SUMMARY"]) assert.equal(actOf(pressed(" "), { tag, type: "" }), null);
  assert.equal(actOf(pressed(" "), { tag: "INPUT", type: "radio" }), null);
});

test("a verdict may be given from the keyboard while a choice has the focus", () => {
  assert.deepEqual(actOf(pressed("2"), { tag: "INPUT", type: "radio" }), { kind: "verdict", no: 1 });
});

test("every key of the list does something", () => {
  for (const [keys] of LISTED) for (const key of keys === "␣" ? [" "] : keys.split(" ")) assert.notEqual(actOf(pressed(key), PAGE), null, key);
});
