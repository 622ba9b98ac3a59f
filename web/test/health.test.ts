import assert from "node:assert/strict";
import { test } from "node:test";
import { doubt, isUnrecorded } from "../src/parts/health.ts";
import { complete, type View } from "../src/session.ts";

const paused = (reason: string, ...codes: string[]): View =>
  complete({ state: "paused", reason, health: { level: "amber", messages: codes.map((code) => ({ code, text: { zh: code, en: code } })), looked_ms: 1000 } });

test("nothing is recorded when people paused and every recorder says so", () => {
  assert.equal(isUnrecorded(paused("interrupted")), true);
  assert.equal(isUnrecorded(paused("interrupted", "track_silent")), true);
  assert.equal(isUnrecorded(paused("interrupted", "pause_unconfirmed")), false);
});

test("a talk that its health suspended is recorded on, and no page says otherwise", () => {
  assert.equal(isUnrecorded(paused("unhealthy", "track_lost")), false);
  assert.equal(isUnrecorded(complete({ state: "live" })), false);
});

test("what nobody looked at, or no recorder confirmed, is said to everybody", () => {
  assert.deepEqual(doubt(paused("interrupted", "track_silent", "pause_unconfirmed")), { zh: "pause_unconfirmed", en: "pause_unconfirmed" });
  assert.deepEqual(doubt(paused("interrupted", "not_measured")), { zh: "not_measured", en: "not_measured" });
  assert.equal(doubt(paused("unhealthy", "track_lost")), null);
});

test("a view without health says nothing of the recording, least of all that it is well", () => {
  assert.equal(complete({ state: "waiting" }).health.level, "none");
});
