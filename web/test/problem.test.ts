import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../src/api.ts";

// The page's words as the server puts them there
const page = { lang: "zh-CN" };
const words = { "error.another_leads": "已有其他坐席主持该会话。", "problem.409": "当前状态不允许该操作。", "problem.0": "连接不到服务。" };
Object.assign(globalThis, { document: { documentElement: page, getElementById: () => ({ textContent: JSON.stringify(words) }), body: { dataset: {} }, querySelector: () => null } });

test("a problem is told in the page's language: by its code, else by its kind or status, and never by its English detail", () => {
  const detail = "another agent leads this session: ask for a hand-over";
  assert.equal(new Problem(409, "urn:jianlu:problem:conflict", detail, "another_leads").text, words["error.another_leads"]);
  assert.equal(new Problem(409, "urn:jianlu:problem:conflict", detail, "a_newer_code").text, words["problem.409"]);
  assert.equal(new Problem(409, "", detail).text, words["problem.409"]);
  assert.equal(new Problem(418, "", detail).text, words["problem.0"]);
});

test("on an English page the detail follows where no words say exactly what is wrong", () => {
  page.lang = "en";
  assert.equal(new Problem(409, "", "try this", "").text, `${words["problem.409"]} (try this)`);
  assert.equal(new Problem(409, "", "try this", "another_leads").text, words["error.another_leads"]);
  page.lang = "zh-CN";
});
