// The gate before the call, check by check: met, not met, or not looked at yet, each in words and with what to do next. What people still have
// to do (sit down, test, agree) stands in the list of the page; here stands what was found of devices, lines and services.

import { h, icon } from "../dom.ts";
import type { GateCheck, View } from "../session.ts";
import { has, t, tr } from "../words.ts";
import { wordOf } from "./bits.ts";

const MARKS: Record<GateCheck["state"], string> = { met: "check", not_met: "cross", not_evidenced: "question" };
const LOOKS: Record<GateCheck["state"], string> = { met: "good", not_met: "bad", not_evidenced: "" };
const SEAT_CHECKS = ["camera", "microphone", "bandwidth"];
/** Gates that a check stands for; shown with it, not a second time. */
const COVERED = ["probe_failed", "recorder_failed", "recorder_away", "no_media"];

/** What the gate's list depends on. */
export const gateShown = (view: View): unknown => [view.gate_checks, view.gates.filter(isCovered)];

/** Whether a check of the list says this already. */
export const isCovered = (gate: { code: string }): boolean => COVERED.includes(gate.code);

/** Every check, those of each seat together, then those of the installation; null where the server has none to tell. */
export function gateList(view: View): HTMLElement | null {
  const all = view.gate_checks;
  if (!all.length) return null;
  const seats = [...new Set(all.filter(isOfSeat).map((each) => each.about))];
  return h("section", { class: "sheet gatelist stack", "aria-labelledby": "gate-title" },
    h("div", { class: "spread" }, h("h2", { id: "gate-title" }, t("gate.title")), h("p", { class: "note", role: "status" }, gateSums(view))),
    h("div", { class: "gategroups" }, seats.map((seat) => group(t(`seat.${seat}`), all.filter((each) => isOfSeat(each) && each.about === seat), view)),
      group(t("gate.system"), all.filter((each) => !isOfSeat(each)), view)));
}

/** How many checks are in which state, in one line. */
export function gateSums(view: View): string {
  const count = (state: GateCheck["state"]): number => view.gate_checks.filter((each) => each.state === state).length;
  return (["met", "not_met", "not_evidenced"] as const).filter((state) => count(state)).map((state) => `${t(`gate.${state}`)} ${count(state)}`).join(" · ");
}

const isOfSeat = (check: GateCheck): boolean => SEAT_CHECKS.includes(check.check);

function group(title: string, checks: GateCheck[], view: View): HTMLElement | null {
  if (!checks.length) return null;
  const waiting = checks.filter((each) => each.state === "not_evidenced");
  const reasons = [...new Set(waiting.map((each) => tr(each.next)))].filter(Boolean);
  return h("div", null, h("h3", null, title), h("ul", { class: "lines" }, checks.map((each) => line(each, view))), reasons.map((reason) => h("p", { class: "note" }, reason)));
}

function line(check: GateCheck, view: View): HTMLElement {
  const next = check.state === "not_met" ? tr(check.next) : "";
  return h("li", { "data-check": check.check, "data-about": check.about, "data-state": check.state }, icon(MARKS[check.state]),
    h("span", { class: "grow" }, nameOf(check)),
    h("span", { class: `badge ${LOOKS[check.state]}`, title: check.state === "not_evidenced" ? tr(check.next) : null }, t(`gate.${check.state}`)),
    next ? h("span", { class: "note next-step" }, [...faults(check, view), next].join(" · ")) : null);
}

function nameOf(check: GateCheck): string {
  if (check.check === "recorder") return `${t("check.recorder")} ${check.about.toUpperCase()}`;
  return has(`check.${check.check}`) ? t(`check.${check.check}`) : tr(check.text);
}

/** Which of a recorder's own checks failed: the first recorder's gates carry no name. */
function faults(check: GateCheck, view: View): string[] {
  if (check.check !== "recorder" || check.state !== "not_met") return [];
  const first = view.gate_checks.find((each) => each.check === "recorder")?.about;
  return view.gates.filter((gate) => gate.code === "recorder_failed").map((gate) => (gate.about ?? "").split("/")).filter((about) => (about.length > 1 ? about[0] : first) === check.about).map((about) => wordOf(about[about.length - 1] ?? ""));
}
