import assert from "node:assert/strict";
import { test } from "node:test";
import { pageOf } from "../src/parts/copyfile.ts";

test("the file that a customer keeps runs nothing and fetches nothing", () => {
  const page = pageOf("<article>x</article>", "zh-CN", "</title><script>alert(1)</script>");
  assert.match(page, /default-src 'none'/);
  assert.ok(!page.includes("<script") && page.includes('lang="zh-CN"') && page.includes("<article>x</article>"));
});
