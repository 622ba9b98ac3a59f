// The line under the top of a page that says when something new happened to the ways into accounts.

import { capacity, get, Problem } from "../api.ts";
import { h } from "../dom.ts";
import { t } from "../words.ts";

const ASKED = "jianlu-told", ASK_EVERY_MS = 120_000;

/** A line under the top of a page when there is something new; asked for rarely, and never in the way of the page. */
async function tell(): Promise<void> {
  const main = document.querySelector("main");
  if (capacity() !== "staff" || !main || document.querySelector("jl-notices") || Date.now() - Number(sessionStorage.getItem(ASKED) ?? 0) < ASK_EVERY_MS) return;
  try {
    const { unread } = await get<{ unread: number }>("/api/v1/me/notices");
    sessionStorage.setItem(ASKED, String(Date.now()));
    if (unread) main.prepend(h("p", { class: "says care", role: "status", "data-told": String(unread) }, t("ways.told", { n: unread }), " ", h("a", { href: "/account#notices" }, t("ways.look"))));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}
void tell();
