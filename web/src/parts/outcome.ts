// After the call: what the jobs are doing, then the verdict, the playback and the package.

import { apiOf, get, Problem } from "../api.ts";
import { h, icon, Region } from "../dom.ts";
import { Exporting } from "./exporting.ts";
import { has, t } from "../words.ts";

interface Progress { stage: string; done?: number; due?: number; error?: string | null }
interface Outcome { state?: string; jobs?: Progress; result?: { met: number; not_met: number; not_evidenced: number } | null; stage?: string; done?: number; due?: number; error?: string | null }

const STAGES = ["inspect", "retain", "judge", "close", "package"] as const;

class OutcomePage extends HTMLElement {
  private region = new Region(this);
  private timer = 0;
  private readonly exporting = new Exporting(this.dataset["case"] ?? "");

  connectedCallback(): void { void this.look(); }
  disconnectedCallback(): void { clearTimeout(this.timer); }

  private async look(): Promise<void> {
    const ref = this.dataset["case"] ?? "";
    let pause = 1500;
    try {
      const found = await get<Outcome>(`${apiOf(ref)}/progress`);
      const jobs: Progress = found.jobs ?? { stage: found.stage ?? "none", done: found.done, due: found.due, error: found.error };
      const state = found.state ?? this.dataset["state"] ?? "";
      if (jobs.stage === "done") { const badge = document.querySelector(".head .badge"); if (badge) { badge.className = "badge good"; badge.textContent = t("outcome.sealed"); } }
      this.region.show([jobs, found.result, state], () => [this.head(jobs, found, state, ref), this.steps(jobs)]);
      if (jobs.stage === "done") await this.exporting.look();
      if (jobs.stage === "done" || jobs.stage === "failed") pause = 5000;
    } catch (error) {
      this.region.show(String(error), () => h("p", { class: "says bad" }, error instanceof Problem ? error.text : String(error)));
      pause = 4000;
    }
    this.timer = window.setTimeout(() => void this.look(), pause);
  }

  private head(jobs: Progress, found: Outcome, state: string, ref: string): HTMLElement {
    if (jobs.stage === "failed") return h("div", { class: "says bad stack-small" }, h("h3", null, t("outcome.failed")), h("p", null, t("outcome.failed_text")), jobs.error ? h("p", { class: "note mono", lang: "en" }, jobs.error) : null);
    if (jobs.stage === "done") {
      const result = found.result;
      const isWhole = result && !result.not_met && !result.not_evidenced;
      return h("section", { class: "sheet stack" },
        h("div", { class: `verdict ${isWhole ? "good" : result?.not_met ? "bad" : "care"}` }, icon(isWhole ? "shield" : "alert"), h("h2", null, t(!result ? "outcome.sealed" : isWhole ? "outcome.complete" : "outcome.incomplete"))),
        state === "refused" || state === "halted" ? h("p", { class: "says care" }, t(`outcome.${state}`)) : null,
        result ? h("ul", { class: "tally" }, (["met", "not_met", "not_evidenced"] as const).map((key) => h("li", { class: key }, h("b", null, String(result[key])), h("span", null, t(`verdict.${key}`))))) : null,
        h("div", { class: "row" }, h("a", { class: "button main", href: `/cases/${ref}/playback` }, icon("play"), t("outcome.play"))),
        this.exporting.at,
        h("p", { class: "note" }, t("outcome.check")));
    }
    const isRunning = jobs.stage !== "none";
    const isCut = state === "refused" || state === "halted";
    return h("section", { class: "sheet stack" }, h("h2", null, t(isRunning ? "outcome.working" : "outcome.waiting")), isCut ? h("p", { class: "says care" }, t(`outcome.${state}`)) : null, h("p", { class: "soft" }, t("outcome.leave")));
  }

  private steps(jobs: Progress): HTMLElement | null {
    if (jobs.stage === "none" || jobs.stage === "failed") return null;
    const at = jobs.stage === "done" ? STAGES.length : Math.max(0, STAGES.indexOf(jobs.stage as (typeof STAGES)[number]));
    return h("ol", { class: "sheet stages", "aria-live": "polite" }, h("li", { class: "is-done" }, icon("check"), h("span", null, t("outcome.stage_sealed"))),
      STAGES.map((stage, place) => h("li", { class: place < at ? "is-done" : place === at ? "is-now" : "" }, place < at ? icon("check") : h("span", { class: "dot" }),
        h("span", { class: "grow" }, has(`outcome.stage_${stage}`) ? t(`outcome.stage_${stage}`) : stage, place === at && jobs.due ? h("progress", { class: "bar", max: jobs.due, value: jobs.done ?? 0 }) : null),
        place === at && jobs.due ? h("span", { class: "soft small" }, `${jobs.done ?? 0} / ${jobs.due}`) : null)));
  }
}
customElements.define("jl-outcome", OutcomePage);
