// What every page of the console runs: htmx, small elements of forms and lists, and the buttons of the frame.

import "htmx.org";
import { post } from "./api.ts";
import { Problem } from "./api.ts";
import "./parts/offline.ts";
import "./parts/entrance.ts";
import "./parts/newcase.ts";
import "./parts/script.ts";
import "./parts/queue.ts";
import "./parts/calls.ts";
import "./parts/outcome.ts";
import { toast } from "./dom.ts";
import { t } from "./words.ts";

document.addEventListener("click", (event) => {
  const action = (event.target as Element | null)?.closest<HTMLElement>("[data-action]")?.dataset["action"];
  if (action === "reload") location.reload();
  if (action === "sign-out") {
    void post("/api/v1/sign-out").catch((error: unknown) => { if (!(error instanceof Problem) || error.status !== 401) throw error; })
      .then(() => location.assign("/sign-in"), (error: unknown) => toast(error instanceof Problem ? error.text : String(error), { isBad: true }));
  }
  if (action === "shipped") {
    void post("/api/v1/scripts/shipped").then(() => location.reload(), (error: unknown) => toast(error instanceof Problem ? error.text : String(error), { isBad: true }));
  }
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) if (!menu.contains(event.target as Node)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) { menu.open = false; menu.querySelector("summary")?.focus(); }
});

/** Instants of the server in the reader's own time. */
function localise(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const isToday = at.toDateString() === new Date().toDateString();
    const shape: Intl.DateTimeFormatOptions = isToday ? { hour: "2-digit", minute: "2-digit" } : { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { ...shape, hour12: false }).format(at);
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

const shown = (): void => { localise(document); waits(document); };
shown();
document.addEventListener("htmx:after:swap", shown);
// A list that could not be had anew stays as it was, and says so: nobody is to take an old list for the present one.
let toldAt = 0;
for (const kind of ["htmx:error", "htmx:response:error"]) document.addEventListener(kind, () => {
  if (Date.now() - toldAt < 15000 || !navigator.onLine) return;
  toldAt = Date.now();
  toast(t("problem.list"), { isBad: true });
});
