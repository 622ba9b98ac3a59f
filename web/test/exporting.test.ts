// Which request the page of a finished case shows: one's own, for this case, that still counts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { requestFor } from "../src/parts/exporting.ts";

const now = new Date("2026-11-26T10:00:00Z");
const own = { kind: "approval", action: "package.export", case: "c1", state: "asked", is_own: true, expires_at: "2026-11-26T11:00:00.000000Z", used_at: "", decided_by_name: "" };

test("an approved request is shown before one that waits", () => {
  assert.equal(requestFor([own, { ...own, state: "approved" }], "c1", now)?.state, "approved");
  assert.equal(requestFor([own], "c1", now)?.state, "asked");
});

test("what is over, refused, another's, of another case or for another act is none", () => {
  const others = [{ expires_at: "2026-11-26T09:59:59.000000Z", state: "approved" }, { state: "refused" }, { state: "approved", used_at: "2026-11-26T09:30:00.000000Z" }, { is_own: false }, { case: "c2" }, { kind: "emergency", action: "" }];
  assert.equal(requestFor(others.map((each) => ({ ...own, ...each })), "c1", now), null);
});
