import assert from "node:assert/strict";
import { test } from "node:test";
import { suggested, ticksOf, valueOf, withNamespace, withoutLang } from "../src/values.ts";
import { clock } from "../src/words.ts";

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

test("the wish for a language leaves an address, all else stays", () => {
  assert.equal(withoutLang("/packs/cn?against=1.0.0&lang=en#changes"), "/packs/cn?against=1.0.0#changes");
  assert.equal(withoutLang("/packs?lang=zh"), "/packs");
  assert.equal(withoutLang("/search?q=lang%3Den&language=x"), "/search?q=lang%3Den&language=x");
  assert.equal(withoutLang("/join#token"), "/join#token");
});
