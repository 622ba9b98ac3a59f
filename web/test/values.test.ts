import assert from "node:assert/strict";
import { test } from "node:test";
import { differences } from "../src/diff.ts";
import { suggested, ticksOf, valueOf, withNamespace } from "../src/values.ts";
import { clock } from "../src/words.ts";

test("a difference shows what was added and removed with a few lines around it", () => {
  const before = Array.from({ length: 40 }, (_, n) => `line ${n}`).join("\n");
  const made = differences(before, before.replace("line 20", "another 20"));
  assert.deepEqual(made.filter((row) => row.kind === "removed").map((row) => [row.text, row.before]), [["line 20", 21]]);
  assert.deepEqual(made.filter((row) => row.kind === "added").map((row) => [row.text, row.after]), [["another 20", 21]]);
  assert.deepEqual([made[0]!.kind, made[0]!.text], ["skipped", "17"]);
  assert.equal(made.filter((row) => row.kind === "same").length, 6);
});

test("the difference of a text with itself is one fold", () => {
  assert.deepEqual(differences("a\nb", "a\nb").map((row) => row.kind), ["skipped"]);
});

test("values of a form become what the interface wants", () => {
  assert.equal(valueOf("10000", "number"), 10000);
  assert.equal(valueOf("true", "yes_no"), true);
  assert.deepEqual(valueOf("满期保险金、身故保险金，其他", "list"), ["满期保险金", "身故保险金", "其他"]);
  assert.equal(valueOf("", "number"), "");
  assert.equal(valueOf("CN-31", "text"), "CN-31");
});

test("a suggested number is one that the interface takes", () => {
  assert.equal(suggested(new Date(2026, 10, 25, 9, 5, 7)), "JL-20261125-090507");
});

test("times read as clocks do", () => {
  assert.deepEqual([clock(0), clock(61_999), clock(3_600_000), clock(null), clock(-5)], ["00:00", "01:01", "1:00:00", "–", "00:00"]);
});

test("a time line has a handful of round ticks", () => {
  for (const total of [4_000, 90_000, 1_800_000, 7_200_000]) {
    const made = ticksOf(total);
    assert.ok(made.length >= 1 && made.length <= 10);
    assert.equal(made[0], 0);
  }
});

test("an inline QR code becomes an image of its own", () => {
  const made = withNamespace('<svg class="qr"><path class="qr-line" stroke="#000" d="M0 0"/></svg>');
  assert.equal(made, '<svg xmlns="http://www.w3.org/2000/svg" class="qr"><path class="qr-line" stroke="#000" d="M0 0"/></svg>');
});
