import assert from "node:assert/strict";
import { test } from "node:test";
import { briefAt, shownAt, zoneOf } from "../src/times.ts";

const AT = "2026-11-26T16:05:13.250Z";

test("an instant is shown in the zone asked for, with its distance from UTC", () => {
  assert.equal(shownAt(AT, "Asia/Shanghai"), "2026-11-27 00:05:13 (UTC+8)");
  assert.equal(shownAt(AT, "America/St_Johns"), "2026-11-26 12:35:13 (UTC-3:30)");
  assert.equal(shownAt("2026-07-01T12:00:00Z", "Europe/London"), "2026-07-01 13:00:00 (UTC+1)");
  assert.equal(shownAt(AT, "UTC"), "2026-11-26 16:05:13 (UTC)");
});

test("what is no instant is shown as nothing", () => {
  for (const each of ["", "soon", null, undefined]) assert.equal(shownAt(each, "UTC"), "");
});

test("a list says the hour of today, the day of this year, and the year of others", () => {
  const now = Date.parse("2026-11-27T01:00:00Z");
  assert.equal(briefAt(AT, now, "Asia/Shanghai"), "00:05");
  assert.equal(briefAt(AT, now, "UTC"), "11-26 16:05");
  assert.equal(briefAt("2025-11-26T16:05:13Z", now, "UTC"), "2025-11-26 16:05");
});

test("a zone that the browser does not know is none", () => {
  assert.equal(zoneOf("Mars/Olympus"), undefined);
  assert.equal(zoneOf("Asia/Shanghai"), "Asia/Shanghai");
});
