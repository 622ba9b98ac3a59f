import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf } from "../src/parts/actbody.ts";

test("a form's fields become the body of a call: numbers as numbers, nothing for what is empty", () => {
  assert.deepEqual(bodyOf([["from_on", "2026-01-01"], ["size", "10"], ["seed", ""]], ["size"]), { from_on: "2026-01-01", size: 10 });
});

test("ticked boxes are a list, also when there is one, or none", () => {
  assert.deepEqual(bodyOf([["roles", "agent"]], [], "roles"), { roles: ["agent"] });
  assert.deepEqual(bodyOf([], [], "roles"), { roles: [] });
});

test("a field within a part of the body is named by both", () => {
  assert.deepEqual(bodyOf([["files/50-own.cedar", "permit(principal, action, resource);\n"], ["reason", "why"]], []), { files: { "50-own.cedar": "permit(principal, action, resource);\n" }, reason: "why" });
});
