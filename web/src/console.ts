// What every page of the console runs: htmx, small elements of forms and lists, and the buttons of the frame.

import "htmx.org";
import { post } from "./api.ts";
import { Problem } from "./api.ts";
import { proofOf } from "./device.ts";
import "./parts/offline.ts";
import "./parts/entrance.ts";
import "./parts/stepup.ts";
import "./parts/told.ts";
import "./parts/newcase.ts";
import "./parts/queue.ts";
import "./parts/calls.ts";
import "./parts/outcome.ts";
import "./parts/draws.ts";
import "./parts/redo.ts";
import "./parts/wall.ts";
import "./parts/copy.ts";
import "./parts/act.ts";
import "./parts/emergencies.ts";
import { busy, toast } from "./dom.ts";
import { briefAt, shownAt } from "./times.ts";
import { withoutLang } from "./values.ts";
import { t } from "./words.ts";

/** The menus of the frame that are open. */
const OPENED = "details:is(.menu, .nav-group)[open]";

document.addEventListener("click", (event) => {
  const pressed = (event.target as Element | null)?.closest<HTMLElement>("[data-action]") ?? null;
  const action = pressed?.dataset["action"];
  if (action === "reload") location.reload();
  if (action === "print") window.print();
  if (action === "sign-out") {
    void busy(pressed, () => post("/api/v1/sign-out").catch((error: unknown) => { if (!(error instanceof Problem) || error.status !== 401) throw error; })
      .then(() => location.assign("/sign-in"), (error: unknown) => toast(error instanceof Problem ? error.text : String(error), { isBad: true })));
  }
  if (action === "shipped") {
    void busy(pressed, () => post("/api/v1/scripts/shipped").then(() => location.reload(), (error: unknown) => toast(error instanceof Problem ? error.text : String(error), { isBad: true })));
  }
  for (const menu of document.querySelectorAll<HTMLDetailsElement>(OPENED)) if (!menu.contains(event.target as Node)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>(OPENED)) { menu.open = false; menu.querySelector("summary")?.focus(); }
});

// Whoever tabs on leaves the menu behind.
document.addEventListener("focusin", (event) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>(OPENED)) if (!menu.contains(event.target as Node)) menu.open = false;
});

/** Instants of the server as a list shows them, the whole of them as a title. */
function localise(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
    const brief = briefAt(time.dateTime);
    if (!brief) continue;
    time.textContent = brief;
    time.title = shownAt(time.dateTime);
  }
}
/** How long somebody has waited. */
function waits(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-waited]")) {
    const minutes = Math.max(0, Math.floor((Date.now() - new Date(time.dateTime).getTime()) / 60000));
    time.textContent = minutes ? t("queue.waited", { n: minutes }) : t("queue.waited_moment");
    time.classList.toggle("wait-long", minutes >= LONG_MINUTES);
  }
}
const LONG_MINUTES = 5;

/** What the margins of printed sheets say: of what, by whom, and when. Styles cannot read attributes there, so they are handed over. */
function nameSheets(): void {
  const { paper = "", paperFoot = "" } = document.body.dataset;
  const style = document.documentElement.style;
  style.setProperty("--paper-head", JSON.stringify(paper));
  style.setProperty("--paper-foot", JSON.stringify(`${paperFoot} · ${shownAt(Date.now())}`));
}
nameSheets();
window.addEventListener("beforeprint", nameSheets);

const plain = withoutLang(location.pathname + location.search + location.hash);
if (plain !== location.pathname + location.search + location.hash) history.replaceState(history.state, "", plain);

const shown = (): void => { localise(document); waits(document); };
shown();
document.addEventListener("htmx:after:swap", shown);
// What htmx sends and is more than a look proves the device, as every other call of a page does.
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = (event as CustomEvent<{ ctx: { request: { method: string }; fetch?: typeof fetch } }>).detail;
  if (ctx.request.method === "GET") return;
  ctx.fetch = async (path, init) => {
    const said = new Headers(init?.headers), proof = await proofOf(init?.method ?? "POST", String(path));
    if (proof) said.set("DPoP", proof);
    return fetch(path, { ...init, headers: said });
  };
});
// A list that could not be had anew stays as it was, and says so: nobody is to take an old list for the present one.
let toldAt = 0;
for (const kind of ["htmx:error", "htmx:response:error"]) document.addEventListener(kind, () => {
  if (Date.now() - toldAt < 15000 || !navigator.onLine) return;
  toldAt = Date.now();
  toast(t("problem.list"), { isBad: true });
});
