// The reviewer's sheet beside the player: every clause with the machine's verdict, one's own, a reason and the stretch that shows it; the
// agent's appeal; what was said before, where it may be read. Nothing is sent before "submit"; what is typed is kept in this tab.

import { apiOf, post, Problem } from "../api.ts";
import { busy, h, icon, toast } from "../dom.ts";
import { redone } from "./redo.ts";
import { actOf, areOn, LISTED, turn, type Act } from "./reviewkeys.ts";
import { clock, t, tr, type Both } from "../words.ts";

interface Judged { clause: string; citation: string; title: Both; machine: string; at_ms: number | null }
interface Said { clause: string; machine: string; verdict: string; reason: string; from_ms: number | null; to_ms: number | null }
interface Task { stage: string; state: string; due_on: string; urgency: string; reviewer_name: string; outcome: string; asks_redo: boolean; appealed_at: string | null }
interface Decision { stage: string; reviewer_name: string; at: string; redo: string; clauses: Said[] }
interface Linked { case: string; number: string }
interface Redo { state: string; due_on: string; is_late: boolean; successor: Linked | null; proposed: string }
interface Bench {
  case: string; tasks: Task[]; clauses: Judged[]; decisions: Decision[]; appeal: { by_name: string; reason: string; clauses: string[] } | null;
  redo: Redo | null; links: { before: Linked | null; after: Linked | null } | null; may: { take: string[]; decide: string[]; appeal: boolean; redo: boolean }; appeal_days: number;
}
interface Draft { verdict: string; reason: string; from_ms: number | null; to_ms: number | null }
interface Player extends HTMLElement { atMs: number; show(ms: number): void; flip(): void; step(ms: number): void }

const VERDICTS = ["met", "not_met", "not_evidenced"] as const;

class ReviewSheet extends HTMLElement {
  private bench!: Bench;
  private drafts: Record<string, Draft> = {};
  private isActing = false;
  private readonly pressed = (event: KeyboardEvent): void => this.press(event);

  connectedCallback(): void {
    const first = this.querySelector("[data-first]")?.textContent;
    if (first) this.draw(JSON.parse(first) as Bench);
    document.addEventListener("keydown", this.pressed, { capture: true });
  }

  disconnectedCallback(): void { document.removeEventListener("keydown", this.pressed, { capture: true }); }

  private get player(): Player | null { return document.querySelector<Player>("jl-playback"); }
  private get key(): string { return `review ${this.bench.case} ${this.bench.may.decide[0] ?? ""}`; }

  private draw(bench: Bench): void {
    this.bench = bench;
    const stage = bench.may.decide[0];
    this.drafts = stage ? this.kept() : {};
    this.replaceChildren(h("div", { class: "stack" }, this.states(), this.again(), this.said(), stage ? this.form(stage) : null, bench.may.appeal ? this.appealForm() : null,
      !stage && !bench.may.take.length && !bench.may.appeal && bench.decisions.length ? h("p", { class: "note" }, t("review.reading")) : null));
    if (stage) this.count();
  }

  /** Who has which look, until when, and the way to take one. */
  private states(): HTMLElement {
    return h("ul", { class: "sheet stack-small" }, this.bench.tasks.map((task) => {
      const stage = t(`review.stage_${task.stage}`);
      const says = task.state === "done" ? t("review.decided_by", { stage, name: task.reviewer_name }) : task.state === "taken" ? t("review.taken_by", { stage, name: task.reviewer_name }) : t("review.waiting", { stage });
      return h("li", { class: "row" }, h("span", { class: "grow" }, says, " ", task.outcome ? h("span", { class: `badge ${task.outcome === "confirmed" ? "good" : "care"}` }, t(`review.${task.outcome}`)) : null, task.asks_redo ? h("span", { class: "badge bad" }, t("review.redo_asked")) : null),
        h("span", { class: task.urgency === "late" ? "wait-long" : "soft" }, t("review.due", { day: task.due_on }), task.urgency === "late" ? ` · ${t("review.late")}` : ""),
        this.bench.may.take.includes(task.stage) ? h("button", { class: "button main", type: "button", onclick: () => void this.act(`${task.stage}/take`) }, t("review.take", { stage })) : null,
        this.bench.may.decide.includes(task.stage) ? h("button", { class: "button little", type: "button", onclick: () => void this.act(`${task.stage}/leave`) }, t("review.leave")) : null);
    }));
  }

  /** The talk is to be done again, is being, or was; and which case it was before. */
  private again(): HTMLElement | null {
    const { redo, links, may, tasks } = this.bench;
    if (!redo && !links?.before) return null;
    const link = (key: string, to: Linked): HTMLElement => h("a", { class: "button little", href: `/cases/${to.case}` }, t(key, { number: to.number || to.case.slice(0, 10) }));
    return h("section", { class: "sheet stack-small" }, links?.before ? h("p", { class: "row" }, link("review.before", links.before)) : null,
      redo ? h("p", { class: `row ${redo.is_late ? "wait-long" : ""}` }, h("span", { class: "grow" }, t(redo.is_late && redo.state !== "done" ? "review.redo_late" : `review.redo_state_${redo.state}`, { day: redo.due_on })),
        redo.successor ? link("review.redo_open", redo.successor) : may.redo && tasks.every((task) => task.state === "done") ? h("button", { class: "button main", type: "button", onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => redone(this.bench.case, redo.proposed)) }, t("review.redo_make")) : null) : null);
  }

  /** What people said before, as far as this one may read it. */
  private said(): HTMLElement | null {
    const { decisions, appeal, tasks } = this.bench;
    const isBlind = tasks.some((task) => task.state === "done") && !decisions.length;
    if (!decisions.length && !appeal && !isBlind) return null;
    return h("section", { class: "sheet stack" }, isBlind ? h("p", { class: "says" }, t("review.blind")) : null,
      decisions.map((decision) => h("div", { class: "stack-small" }, h("h2", null, t("review.decided_by", { stage: t(`review.stage_${decision.stage}`), name: decision.reviewer_name })),
        decision.redo ? h("p", { class: "says care" }, `${t("review.redo_asked")}: ${decision.redo}`) : null,
        h("ul", { class: "clauses" }, decision.clauses.filter((each) => each.verdict !== each.machine || each.reason).map((each) => h("li", { class: each.verdict },
          h("div", { class: "grow" }, h("b", null, this.titleOf(each.clause)), h("p", null, `${t("review.machine")}: ${t(`verdict.${each.machine}`)} → ${t(`verdict.${each.verdict}`)}`), each.reason ? h("p", null, each.reason) : null), this.at(each.from_ms)))))),
      appeal ? h("div", { class: "says care stack-small" }, h("h2", null, t("review.appealed_by", { name: appeal.by_name })), h("p", null, appeal.reason), h("p", { class: "note" }, appeal.clauses.map((clause) => this.titleOf(clause)).join("、"))) : null);
  }

  private form(stage: string): HTMLElement {
    const redo = h("textarea", { id: "redo", rows: 2, maxlength: 2000, oninput: () => { this.drafts["redo"] = { verdict: "", reason: redo.value, from_ms: null, to_ms: null }; this.keep(); } });
    redo.value = this.drafts["redo"]?.reason ?? "";
    return h("form", { class: "sheet stack bench-form", onsubmit: (event: Event) => { event.preventDefault(); void this.submit(stage); } },
      h("div", { class: "row" }, h("h2", { class: "grow" }, t("review.yours")), h("p", { class: "note", "data-left": true, role: "status" }),
        h("button", { class: "button little", type: "button", onclick: () => this.confirmRest() }, t("review.confirm_rest"))),
      this.keys(),
      h("ol", { class: "bench-clauses" }, this.bench.clauses.map((clause, no) => this.clause(clause, no))),
      h("div", { class: "field" }, h("label", { for: "redo" }, t("review.redo")), redo, h("p", { class: "hint" }, t("review.redo_hint"))),
      h("p", { class: "wrong", role: "alert", hidden: true }), h("div", { class: "row" }, h("button", { class: "button main", type: "submit", disabled: true }, t("review.submit")), h("span", { class: "note" }, t("review.draft"))));
  }

  private clause(clause: Judged, no: number): HTMLElement {
    const draft = this.drafts[clause.clause];
    const reason = h("textarea", { rows: 2, maxlength: 2000, id: `reason-${no}`, oninput: () => this.change(clause.clause, { reason: reason.value }) });
    reason.value = draft?.reason ?? "";
    const times = h("span", { class: "row ats" });
    const showTimes = (): void => {
      const now = this.drafts[clause.clause];
      const end = (name: "from_ms" | "to_ms", label: string): HTMLElement => h("button", { class: "button little", type: "button", "data-end": name, "aria-label": `${label} ${clock(now?.[name] ?? null)}: ${t("review.here")}`, title: t("review.here"), onclick: () => { this.change(clause.clause, this.stretch(name, this.drafts[clause.clause])); showTimes(); } }, `${label} ${clock(now?.[name] ?? null)}`);
      times.replaceChildren(end("from_ms", t("review.from")), end("to_ms", t("review.to")), now?.from_ms != null ? h("button", { class: "button little plain", type: "button", onclick: () => { this.change(clause.clause, { from_ms: null, to_ms: null }); showTimes(); } }, t("review.clear")) : "");
    };
    showTimes();
    const more = h("div", { class: "stack-small bench-more", hidden: !draft?.verdict || (draft.verdict === clause.machine && !draft.reason) }, h("label", { for: `reason-${no}` }, t("review.reason"), " ", h("span", { class: "note" }, t("review.reason_hint"))), reason, times);
    const choose = (verdict: string): void => { this.change(clause.clause, { verdict }); more.hidden = verdict === clause.machine && !this.drafts[clause.clause]?.reason; };
    return h("li", { class: "bench-clause", "data-clause": clause.clause, tabindex: -1 },
      h("div", { class: "row" }, h("b", { class: "grow" }, tr(clause.title)), this.at(clause.at_ms)), h("p", { class: "note" }, clause.citation),
      h("fieldset", null, h("legend", { class: "note" }, `${t("review.machine")}: `, h("span", { class: `badge ${({ met: "good", not_met: "bad" } as Record<string, string>)[clause.machine] ?? "care"}` }, t(`verdict.${clause.machine}`))),
        h("span", { class: "switches" }, VERDICTS.map((verdict) => h("label", null, h("input", { type: "radio", name: `verdict-${no}`, value: verdict, checked: draft?.verdict === verdict, onchange: () => choose(verdict) }), h("span", null, t(`verdict.${verdict}`)))))), more);
  }

  /** Which keys there are, and the way to have none. */
  private keys(): HTMLElement {
    const isOn = h("input", { type: "checkbox", checked: areOn(), onchange: () => turn(isOn.checked) });
    return h("details", { class: "keys" }, h("summary", null, t("review.keys")), h("label", { class: "check" }, isOn, h("span", null, t("review.keys_on"))),
      h("dl", null, LISTED.flatMap(([keys, word]) => [h("dt", null, keys.split(" ").map((key) => h("kbd", null, key))), h("dd", null, t(`review.${word}`))])));
  }

  private press(event: KeyboardEvent): void {
    const at = event.target as HTMLElement | null;
    if (!this.bench.may.decide.length || !areOn() || document.querySelector("dialog[open]")) return;
    const act = actOf(event, { tag: at?.tagName ?? "", type: (at as HTMLInputElement | null)?.type ?? "" });
    if (!act || !this.does(act)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Whether the act could be done where the reviewer is. */
  private does(act: Act): boolean {
    const rows = [...this.querySelectorAll<HTMLElement>(".bench-clause")];
    const now = rows.findIndex((row) => row.classList.contains("is-current") || row.contains(document.activeElement));
    if (act.kind === "play") this.player?.flip();
    else if (act.kind === "step") this.player?.step(act.ms);
    else if (act.kind === "move") this.enter(rows, Math.min(rows.length - 1, Math.max(0, now + act.by)));
    else {
      const row = rows[now];
      if (!row) return false;
      if (act.kind === "verdict") row.querySelectorAll<HTMLInputElement>("input[type=radio]")[act.no]?.click();
      else if (act.kind === "see") row.querySelector<HTMLButtonElement>("button.at")?.click();
      else if (act.kind === "reason") { const more = row.querySelector<HTMLElement>(".bench-more"); if (more) { more.hidden = false; more.querySelector("textarea")?.focus(); } }
      else row.querySelector<HTMLButtonElement>(`[data-end=${act.name}]`)?.click();
    }
    return true;
  }

  private enter(rows: HTMLElement[], no: number): void {
    rows.forEach((row, place) => row.classList.toggle("is-current", place === no));
    rows[no]?.focus({ preventScroll: true });
    rows[no]?.scrollIntoView({ block: "nearest" });
  }

  /** The player's instant as one end of the stretch; the other end follows where it would lie on the wrong side. */
  private stretch(name: "from_ms" | "to_ms", now: Draft | undefined): Partial<Draft> {
    const at = Math.max(0, Math.round(this.player?.atMs ?? 0));
    return name === "from_ms" ? { from_ms: at, to_ms: Math.max(at, now?.to_ms ?? at) } : { to_ms: at, from_ms: Math.min(at, now?.from_ms ?? at) };
  }

  private change(clause: string, part: Partial<Draft>): void {
    this.drafts[clause] = { verdict: "", reason: "", from_ms: null, to_ms: null, ...this.drafts[clause], ...part };
    this.keep();
    this.count();
  }

  private confirmRest(): void {
    for (const clause of this.bench.clauses) if (!this.drafts[clause.clause]?.verdict) this.drafts[clause.clause] = { verdict: clause.machine, reason: "", from_ms: null, to_ms: null };
    this.keep();
    this.draw(this.bench);
  }

  private count(): void {
    const left = this.bench.clauses.filter((clause) => !this.drafts[clause.clause]?.verdict).length;
    const says = this.querySelector("[data-left]");
    if (says) says.textContent = left ? t("review.left", { n: left }) : t("review.all_done");
    const submit = this.querySelector<HTMLButtonElement>("button[type=submit]");
    if (submit) submit.disabled = left > 0;
  }

  private async submit(stage: string): Promise<void> {
    const clauses = this.bench.clauses.map(({ clause }) => { const { verdict, reason, from_ms, to_ms } = this.drafts[clause]!; return { clause, verdict, reason, from_ms, to_ms }; });
    if (await this.act(`${stage}/decision`, { clauses, redo: this.drafts["redo"]?.reason ?? "" })) toast(t("review.submitted"));
  }

  private appealForm(): HTMLElement {
    const reason = h("textarea", { id: "appeal-reason", rows: 3, maxlength: 2000, required: true });
    const boxes = this.bench.clauses.map((clause) => h("label", { class: "tick" }, h("input", { type: "checkbox", value: clause.clause }), h("span", null, tr(clause.title))));
    return h("form", { class: "sheet stack", onsubmit: (event: Event) => {
      event.preventDefault();
      const clauses = boxes.map((box) => box.querySelector("input")!).filter((box) => box.checked).map((box) => box.value);
      void this.act("appeal", { clauses, reason: reason.value }).then((isDone) => { if (isDone) toast(t("review.appealed")); });
    } }, h("h2", null, t("review.appeal")), h("p", { class: "soft" }, t("review.appeal_lead", { days: this.bench.appeal_days })), h("fieldset", { class: "stack-small" }, h("legend", null, t("review.appeal_which")), boxes),
      h("div", { class: "field" }, h("label", { for: "appeal-reason" }, t("review.appeal_reason")), reason), h("p", { class: "wrong", role: "alert", hidden: true }), h("button", { class: "button main", type: "submit" }, t("review.appeal_send")));
  }

  /** Does it and draws what came of it; a refusal is said where the form is, and nothing typed is lost. One act at a time: pressed twice it would be
   * refused the second time, and say so over what was done. */
  private async act(path: string, body: unknown = {}): Promise<boolean> {
    if (this.isActing) return false;
    this.isActing = true;
    const key = this.key;
    try {
      const found = await post<Bench>(`${apiOf(this.bench.case)}/review/${path}`, body);
      if (path.endsWith("/decision") || path.endsWith("/leave")) sessionStorage.removeItem(key);
      this.draw(found);
      return true;
    } catch (error) {
      const text = error instanceof Problem ? error.text : String(error);
      const wrong = this.querySelector<HTMLElement>("form .wrong");
      if (wrong) { wrong.hidden = false; wrong.textContent = text; wrong.scrollIntoView({ block: "center" }); } else toast(text, { isBad: true });
      return false;
    } finally {
      this.isActing = false;
    }
  }

  private titleOf(clause: string): string { return tr(this.bench.clauses.find((each) => each.clause === clause)?.title) || clause; }

  private at(ms: number | null): HTMLElement | null {
    return ms === null ? null : h("button", { class: "at", type: "button", title: t("review.show"), onclick: () => { this.player?.show(ms); this.player?.querySelector(".play-videos")?.scrollIntoView({ block: "nearest" }); } }, icon("play"), clock(ms));
  }

  private keep(): void { sessionStorage.setItem(this.key, JSON.stringify(this.drafts)); }

  private kept(): Record<string, Draft> {
    try { return JSON.parse(sessionStorage.getItem(this.key) ?? "{}") as Record<string, Draft>; } catch { return {}; }
  }
}

customElements.define("jl-review", ReviewSheet);
