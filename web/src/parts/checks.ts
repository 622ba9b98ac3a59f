// Checks during the call: what the present step must show, what the last ones lacked, what can be put right at once. Words first, colour second.

import { busy, h, icon } from "../dom.ts";
import { currentStep, may, type CheckedPoint, type Step, type View } from "../session.ts";
import { clock, t, tr } from "../words.ts";
import type { Acts } from "./acts.ts";

export const WAIVERS = ["paper_checked", "heard_in_person", "check_mistaken", "other"] as const;
const MARKS: Record<string, string> = { met: "check", not_met: "cross", unknown: "question" };
const NOT_YET = "not_yet";
const LOOKS: Record<string, string> = { met: "good", not_met: "bad", unknown: "" };

/** What the checks of a page depend on. */
export const checksShown = (view: View): unknown => [view.checks, view.current_step, view.steps.map((step) => [step.id, step.checks, step.state, step.to_ms]), view.allowed];

/** Steps that are done and lack something that nobody waived: they are told until they are redone. */
export const lacking = (view: View): Step[] => view.steps.filter((step) => step.state === "done" && step.checks.state === "not_met" && !step.checks.is_waived);

/** What was missed, above everything else: it is said again now, or the whole talk tomorrow. */
export function missedNote(view: View, acts: Acts): Node | null {
  const missed = lacking(view);
  const prompts = view.checks.prompts;
  if (view.state !== "live" && view.state !== "paused") return null;
  if (!missed.length && !prompts.length && view.checks.state !== "away") return null;
  return h("div", { class: "missed stack-small" },
    view.checks.state === "away" ? h("div", { class: "says care", role: "status" }, t("checks.away")) : null,
    prompts.length ? h("ul", { class: "says care", role: "status" }, prompts.map((each) => h("li", null, tr(each.text)))) : null,
    missed.map((step) => missedStep(view, step, acts)));
}

function missedStep(view: View, step: Step, acts: Acts): HTMLElement {
  const isHolding = view.checks.held_by === step.id;
  return h("div", { class: "says bad missed-step", role: "alert", "data-step": step.id },
    h("p", null, h("b", null, t("checks.missed", { step: tr(step.title) })), " ", isHolding ? t(view.checks.calls_supervisor ? "checks.called" : "checks.holds") : t("checks.warns")),
    h("ul", null, step.checks.points.filter((point) => point.state === "not_met").map((point) => h("li", null, pointText(point), point.why ? h("span", { class: "note" }, ` ${tr(point.why)}`) : null))),
    h("div", { class: "row" },
      may(view, "redo_step") ? h("button", { class: "button little main", type: "button", "data-key": `redo-${step.id}`, onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, async () => { await acts.do(`steps/${step.id}/redo`, { reason: "check_not_met" }); }) }, icon("redo"), t("checks.redo")) : null,
      isHolding && may(view, "waive_check") ? h("button", { class: "button little", type: "button", "data-key": `waive-${step.id}`, onclick: () => void acts.withReason(t("checks.waive"), t("checks.waive_text"), `steps/${step.id}/waive`, { reasons: WAIVERS }) }, t("checks.waive")) : null));
}

/** What the step under way, or the one just done, must show, each with its state. Unknown is never shown as met. */
export function checkList(view: View): Node | null {
  const step = currentStep(view);
  const last = [...view.steps].reverse().find((each) => each.state === "done" && each.to_ms !== null && !each.checks.is_whole && each.checks.state === "unknown");
  const shown = [last, step].filter((each): each is Step => Boolean(each && each.checks.points.length));
  if (view.checks.state === "off" || !shown.length) return null;
  return h("section", { class: "sheet checklist stack-small", "aria-label": t("checks.title") }, shown.map((each) => h("div", { "data-step": each.id },
    h("h3", null, t("checks.of", { step: tr(each.title) }), each === last ? h("span", { class: "note" }, t("checks.soon")) : null),
    h("ul", { class: "lines" }, each.checks.points.map((point) => h("li", { "data-state": point.state }, icon(MARKS[point.state] ?? "question"), h("span", { class: "grow" }, pointText(point), point.why && point.state !== "met" && point.reason !== NOT_YET ? h("span", { class: "note" }, tr(point.why)) : null),
      point.from_ms !== null ? h("span", { class: "note" }, clock(point.from_ms)) : null, h("span", { class: `badge ${LOOKS[point.state] ?? ""}`, title: whyUnknown(point) }, wordFor(point))))))),
    shown.some((each) => each.checks.points.some((point) => point.state === "unknown")) ? h("p", { class: "note" }, t("checks.unknown_note")) : null);
}

/** Unknown is two things: nobody has looked yet, or nobody can. */
const wordFor = (point: CheckedPoint): string => (point.state !== "unknown" ? t(`checks.${point.state}`) : t(point.reason === NOT_YET ? "checks.not_yet" : "checks.unknown"));
const whyUnknown = (point: CheckedPoint): string | null => (point.state !== "unknown" ? null : point.reason === NOT_YET ? t("checks.why_not_yet") : tr(point.why) || t("checks.why_unknown"));

/** A done step's checks, for the list of all steps; where nothing is checked during the call, there is nothing to say. */
export function checkMark(step: Step, isOff: boolean): HTMLElement | null {
  if (step.state !== "done" || step.checks.state === "none" || (isOff && step.checks.state === "unknown")) return null;
  const state = step.checks.is_waived ? "waived" : step.checks.state;
  const open = step.checks.points.filter((point) => point.state === "unknown");
  const first = open.find((point) => point.reason !== NOT_YET) ?? open[0];
  const word = state === "unknown" && first ? wordFor(first) : t(`checks.${state}`);
  const why = state === "unknown" && first ? (whyUnknown(first) ?? "") : "";
  return h("span", { class: `badge bare ${state === "waived" ? "care" : LOOKS[state] ?? ""}`, "data-check": state, title: why || null }, word, why ? h("span", { class: "only-heard" }, ` ${why}`) : null);
}

function pointText(point: CheckedPoint): string {
  if (point.kind === "avoided") return tr(point.text);
  return t(`checks.${point.kind}`, { who: t(`seat.${point.by}`), text: tr(point.text) });
}
