// The sealed session on one time line: pictures, steps, transcript, findings, gaps and clauses. A click on anything jumps to its second.

import { apiOf, get, Problem } from "../api.ts";
import { h, icon, Region } from "../dom.ts";
import { gapsAt } from "../media/head.ts";
import { Ensemble, RolePlayer, type Role } from "../media/mse.ts";
import { ticksOf } from "../values.ts";
import { clock, t, tr, type Both } from "../words.ts";

interface Range { from_ms: number; to_ms: number }
interface Manifest {
  duration_ms: number; is_live?: boolean; roles: Role[]; gaps: (Range & { side?: string; reason?: string; label?: Both })[];
  transcript: (Range & { role: string; text: string })[]; findings: (Range & { kind: string; track: string; label: Both; score?: number | null })[];
  clauses: { key: string; citation: string; title: Both; verdict: string; reasons: { text: Both; from_ms?: number | null; to_ms?: number | null }[]; evidence: (Range & { track: string })[] }[];
  events: { type: string; at_ms: number; at?: string; text: Both }[]; steps: (Range & { id: string; no?: number; title: Both; attempt?: number })[]; messages?: { by: string; at_ms: number; text: string }[];
}

const TABS = ["clauses", "transcript", "findings", "events"] as const;
const VERDICT_SIGN: Record<string, string> = { met: "check", not_met: "cross", not_evidenced: "question" };

class Playback extends HTMLElement {
  private manifest!: Manifest;
  private ensemble: Ensemble | null = null;
  private head = h("div", { class: "tl-head", "aria-hidden": "true" });
  private range = h("input", { type: "range", min: 0, step: 100, value: 0, class: "tl-range", "aria-label": t("play.position") });
  private now = h("span", { class: "play-now" }, "00:00");
  private list = h("div", { class: "play-list", role: "tabpanel", id: "play-panel", tabindex: 0 });
  private paper = h("div", { class: "play-paper" });
  private region = new Region(this.list);
  private tab: (typeof TABS)[number] = "clauses";
  private holes: { role: string; at: HTMLElement; shown: string }[] = [];
  private toggle = h("button", { class: "round", type: "button", "aria-label": t("play.play") }, icon("play"));

  connectedCallback(): void {
    this.replaceChildren(h("div", { class: "sheet empty" }, h("progress", { class: "bar" }), h("p", { class: "soft" }, t("play.loading"))));
    void get<Manifest>(`${apiOf(this.dataset["case"] ?? "")}/playback?as=staff`).then((found) => this.open(found), (error: unknown) => {
      const isMissing = error instanceof Problem && error.status === 404;
      this.replaceChildren(h("div", { class: "sheet empty" }, h("h2", null, t(isMissing ? "play.none" : "play.failed")), h("p", { class: "soft" }, isMissing ? t("play.none_text") : error instanceof Problem ? error.text : String(error)), h("a", { class: "button", href: `/cases/${this.dataset["case"]}` }, t("play.back"))));
    });
  }

  private open(manifest: Manifest): void {
    this.manifest = manifest;
    this.range.max = String(manifest.duration_ms);
    const videos: HTMLElement[] = [];
    const players: RolePlayer[] = [];
    const hasShare = manifest.events.some((event) => event.type === "session:share:started");
    for (const role of manifest.roles.filter((each) => hasShare || !each.role.endsWith("-screen"))) {
      const name = this.called(role.role);
      if (!RolePlayer.can(role)) { videos.push(h("figure", { class: "play-role" }, h("div", { class: "says care" }, t("play.codec", { mime: role.mime })), h("figcaption", null, name))); continue; }
      const video = h("video", { playsinline: true, preload: "auto", "aria-label": name });
      const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
      const hole = h("div", { class: "play-hole", hidden: true });
      const box = h("figure", { class: `play-role${role.has_picture === false ? " is-sound" : ""}`, "data-role": role.role }, video, hole, h("figcaption", null, name), wrong);
      const player = new RolePlayer(video, role, manifest.duration_ms, (fault) => { wrong.hidden = !fault; wrong.textContent = fault && `${t("play.segment")} ${fault}`; });
      this.holes.push({ role: role.role, at: hole, shown: "" });
      players.push(player);
      videos.push(box);
      void player.open();
    }
    this.ensemble = new Ensemble(players, manifest.duration_ms, (ms, blank) => this.time(ms, blank), () => this.sign());
    this.toggle.addEventListener("click", () => this.flip());
    this.range.addEventListener("input", () => this.ensemble?.seek(Number(this.range.value)));
    this.addEventListener("keydown", (event) => this.key(event));
    this.replaceChildren(
      h("div", { class: "play-grid" },
        h("div", { class: "play-main" }, h("div", { class: "play-videos", "data-count": String(videos.length) }, videos), this.controls(), this.timeline()),
        h("aside", { class: "play-side", "aria-label": t("play.found") }, this.tally(), this.tabs(), this.list)), this.paper);
    this.fill();
    // On paper everything that was found stands, not the tab that happened to be open.
    window.addEventListener("beforeprint", () => this.paper.replaceChildren(...TABS.map((tab) => h("section", null, h("h2", null, t(`play.${tab}`)), this.listed(tab)))));
    window.addEventListener("afterprint", () => this.paper.replaceChildren());
    const at = /t=([\d.]+)/.exec(location.hash);
    if (at) this.jump(Number(at[1]) * 1000);
  }

  private controls(): HTMLElement {
    const speed = h("select", { class: "fit", "aria-label": t("play.speed"), onchange: () => this.ensemble?.rate(Number(speed.value)) }, [0.5, 1, 1.5, 2].map((each) => h("option", { value: each, selected: each === 1 }, `${each}×`)));
    return h("div", { class: "play-controls" }, this.toggle, h("button", { class: "round", type: "button", "aria-label": t("play.back10"), onclick: () => this.step(-10000) }, "−10"), h("button", { class: "round", type: "button", "aria-label": t("play.on10"), onclick: () => this.step(10000) }, "+10"),
      h("span", { class: "play-time" }, this.now, " / ", clock(this.manifest.duration_ms)), speed);
  }

  /** Plays, or stops playing; for parts beside it. */
  flip(): void {
    const ensemble = this.ensemble;
    if (!ensemble) return;
    if (ensemble.isPlaying) ensemble.pause(); else ensemble.play();
    this.sign();
  }

  /** What the button would do now. */
  private sign(): void {
    const isPlaying = this.ensemble?.isPlaying === true;
    this.toggle.replaceChildren(icon(isPlaying ? "pause" : "play"));
    this.toggle.setAttribute("aria-label", t(isPlaying ? "play.pause" : "play.play"));
  }

  /** Goes on, or back, by so much. */
  step(ms: number): void { this.jump(Math.min(this.manifest.duration_ms, Math.max(0, (this.ensemble?.ms ?? 0) + ms))); }

  private jump(ms: number): void {
    this.ensemble?.seek(ms);
    history.replaceState(null, "", `#t=${(ms / 1000).toFixed(1)}`);
  }

  /** Where the player stands; for parts beside it. */
  get atMs(): number { return this.ensemble?.ms ?? 0; }

  /** Goes to an instant of the session. */
  show(ms: number): void { this.jump(ms); }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (/^(INPUT|SELECT|TEXTAREA|BUTTON)$/.test(target.tagName) && target !== this.range) return;
    if (event.key === " " || event.key === "k") { event.preventDefault(); this.flip(); }
    else if (event.key === "ArrowLeft") { event.preventDefault(); this.step(event.shiftKey ? -10000 : -2000); }
    else if (event.key === "ArrowRight") { event.preventDefault(); this.step(event.shiftKey ? 10000 : 2000); }
  }

  private time(ms: number, blank: readonly boolean[]): void {
    const text = clock(ms);
    if (this.now.textContent !== text) { this.now.textContent = text; this.range.setAttribute("aria-valuetext", text); }
    if (document.activeElement !== this.range || this.ensemble?.isPlaying) this.range.value = String(ms);
    this.head.style.insetInlineStart = `${(100 * ms) / Math.max(1, this.manifest.duration_ms)}%`;
    this.mind(ms, blank);
    let entered: HTMLElement | null = null;
    for (const each of this.list.querySelectorAll<HTMLElement>("[data-from]")) {
      const isNow = Number(each.dataset["from"]) <= ms && ms < Number(each.dataset["to"]);
      if (isNow && !each.classList.contains("is-now")) entered = each;
      each.classList.toggle("is-now", isNow);
    }
    if (entered && this.ensemble?.isPlaying && !this.list.contains(document.activeElement)) {
      const [line, pane] = [entered.getBoundingClientRect(), this.list.getBoundingClientRect()];
      if (line.top < pane.top || line.bottom > pane.bottom) this.list.scrollTop += line.top - pane.top - pane.height / 3;
    }
  }

  /** Says over each picture what the recording declares missing there, and covers the picture where there is none: a frame left standing would lie. */
  private mind(ms: number, blank: readonly boolean[]): void {
    const roles = this.holes.map((each) => each.role);
    this.holes.forEach((hole, place) => {
      const named = [...new Set(gapsAt(this.manifest.gaps, hole.role, roles, ms).map((gap) => tr(gap.label) || gap.reason || ""))];
      const isBlank = blank[place] === true;
      const shown = named.length ? named.join("\n") : isBlank ? t("play.blank") : "";
      if (shown + isBlank === hole.shown) return;
      hole.shown = shown + isBlank;
      hole.at.hidden = !shown;
      hole.at.classList.toggle("is-blank", isBlank);
      hole.at.replaceChildren(...(shown ? [h("b", null, t("play.missing")), ...shown.split("\n").map((line) => h("span", null, line))] : []));
    });
  }

  /** What a role is called in this kind of talk: a clerk, a physician, an agent. */
  private called(role: string): string {
    const name = tr(this.manifest.roles.find((each) => each.role === role)?.label) || t(`seat.${role}`);
    return name.charAt(0).toUpperCase() + name.slice(1);
  }

  /** One row a kind, everything at its place in time. */
  private timeline(): HTMLElement {
    const total = Math.max(1, this.manifest.duration_ms);
    const mark = (range: Range, look: string, title: string): HTMLElement => {
      const made = h("button", { class: `tl-mark ${look}`, type: "button", title: `${clock(range.from_ms)} ${title}`, "aria-label": `${title}, ${clock(range.from_ms)}`, tabindex: -1, onclick: () => this.jump(range.from_ms) });
      made.dataset["span"] = String(range.to_ms - range.from_ms);
      made.style.insetInlineStart = `${(100 * range.from_ms) / total}%`;
      made.style.inlineSize = `max(3px, ${(100 * Math.max(0, range.to_ms - range.from_ms)) / total}%)`;
      return made;
    };
    const row = (name: string, marks: HTMLElement[]): HTMLElement | null => (marks.length ? h("div", { class: "tl-row" }, h("span", { class: "tl-name" }, name), h("div", { class: "tl-lane" }, marks)) : null);
    const steps = this.manifest.steps.map((step) => { const made = mark(step, "is-step", tr(step.title)); made.append(h("span", null, tr(step.title))); return made; });
    const roles = [...new Set(this.manifest.transcript.map((line) => line.role))];
    const clauses = this.manifest.clauses.flatMap((clause) => [...clause.evidence, ...clause.reasons.filter((each): each is { text: Both } & Range => typeof each.from_ms === "number" && typeof each.to_ms === "number")].map((range) => mark(range, `is-${clause.verdict}`, `${tr(clause.title)} · ${t(`verdict.${clause.verdict}`)}`))).sort((a, b) => Number(b.dataset["span"]) - Number(a.dataset["span"]));
    const ticks = h("div", { class: "tl-row tl-ticks" }, h("span", { class: "tl-name" }), h("div", { class: "tl-lane" }, ticksOf(total).map((ms) => { const made = h("span", null, clock(ms)); made.style.insetInlineStart = `${(100 * ms) / total}%`; return made; })));
    return h("div", { class: "timeline sheet", role: "group", "aria-label": t("play.timeline") },
      h("div", { class: "tl-row" }, h("span", { class: "tl-name" }), h("div", { class: "tl-lane is-range" }, this.range)),
      row(t("play.steps"), steps), roles.map((role) => row(this.called(role), this.manifest.transcript.filter((line) => line.role === role).map((line) => mark(line, "is-speech", line.text)))),
      row(t("play.clauses"), clauses), row(t("play.findings"), this.manifest.findings.map((finding) => mark(finding, "is-finding", tr(finding.label) || finding.kind))),
      row(t("play.gaps"), this.manifest.gaps.map((gap) => mark(gap, "is-gap", tr(gap.label) || gap.reason || ""))), ticks, h("div", { class: "tl-over" }, this.head));
  }

  private tally(): HTMLElement {
    const count = (verdict: string): number => this.manifest.clauses.filter((each) => each.verdict === verdict).length;
    if (!this.manifest.clauses.length) return h("p", { class: "says care" }, t("play.not_judged"));
    return h("ul", { class: "tally" }, ["met", "not_met", "not_evidenced"].map((key) => h("li", { class: key }, h("b", null, String(count(key))), h("span", null, t(`verdict.${key}`)))));
  }

  private tabs(): HTMLElement {
    const bar = h("div", { class: "tabs", role: "tablist", "aria-label": t("play.found") });
    const choose = (tab: (typeof TABS)[number]): void => { this.tab = tab; show(); this.fill(); this.list.scrollTop = 0; };
    const show = (): void => {
      bar.replaceChildren(...TABS.map((tab) => h("button", { type: "button", role: "tab", id: `play-tab-${tab}`, "aria-controls": "play-panel", "aria-selected": String(this.tab === tab), tabindex: this.tab === tab ? 0 : -1, onclick: () => { choose(tab); bar.querySelector<HTMLElement>("[tabindex='0']")?.focus(); } }, t(`play.${tab}`))));
      this.list.setAttribute("aria-labelledby", `play-tab-${this.tab}`);
    };
    bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      choose(TABS[(TABS.indexOf(this.tab) + step + TABS.length) % TABS.length]!);
      bar.querySelector<HTMLElement>("[tabindex='0']")?.focus();
    });
    show();
    return bar;
  }

  private fill(): void { this.region.show(this.tab, () => this.listed(this.tab)); }

  private listed(tab: (typeof TABS)[number]): HTMLElement {
    return { clauses: () => this.clauses(), transcript: () => this.transcript(), findings: () => this.found(), events: () => this.events() }[tab]();
  }

  private at(ms: number | null | undefined): HTMLElement | null {
    return typeof ms === "number" ? h("button", { class: "at", type: "button", onclick: () => this.jump(ms) }, clock(ms)) : null;
  }

  private clauses(): HTMLElement {
    const order = ["not_met", "not_evidenced", "met"];
    const sorted = [...this.manifest.clauses].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
    return h("ul", { class: "clauses" }, sorted.map((clause) => h("li", { class: clause.verdict }, h("span", { class: "clause-sign", title: t(`verdict.${clause.verdict}`) }, icon(VERDICT_SIGN[clause.verdict] ?? "question"), h("span", { class: "only-heard" }, t(`verdict.${clause.verdict}`))),
      h("div", { class: "grow" }, h("b", null, tr(clause.title)), h("p", { class: "note" }, clause.citation), clause.reasons.length ? h("ul", { class: "reasons" }, clause.reasons.map((reason) => h("li", null, tr(reason.text), " ", this.at(reason.from_ms)))) : null,
        clause.evidence.length ? h("p", { class: "row ats" }, clause.evidence.slice(0, 6).map((range) => this.at(range.from_ms))) : null))));
  }

  private transcript(): HTMLElement {
    const input = h("input", { type: "search", placeholder: t("play.find"), "aria-label": t("play.find"), class: "no-paper" });
    const lines = h("ol", { class: "lines-said", lang: this.dataset["spoken"] === "en" ? "en" : "zh-CN" });
    const fill = (): void => {
      const wanted = input.value.trim().toLowerCase();
      const found = this.manifest.transcript.filter((line) => !wanted || line.text.toLowerCase().includes(wanted));
      lines.replaceChildren(...(found.length ? found.map((line) => h("li", { "data-from": line.from_ms, "data-to": line.to_ms }, this.at(line.from_ms), h("b", { lang: document.documentElement.lang }, this.called(line.role)), h("span", null, line.text))) : [h("li", { class: "soft" }, t("play.nothing"))]));
    };
    input.addEventListener("input", fill);
    fill();
    return h("div", { class: "stack-small" }, input, lines, h("p", { class: "note" }, t("play.transcript_note")));
  }

  /** What the inspectors found and what the recording declares missing, in time. */
  private found(): HTMLElement {
    const all = [...this.manifest.findings.map((each) => ({ ...each, text: tr(each.label) || each.kind, isGap: false })), ...this.manifest.gaps.map((each) => ({ ...each, text: tr(each.label) || each.reason || "", isGap: true }))].sort((a, b) => a.from_ms - b.from_ms);
    return h("ol", { class: "lines-said" }, all.length ? all.map((each) => h("li", { class: each.isGap ? "is-gap" : "", "data-from": each.from_ms, "data-to": Math.max(each.to_ms, each.from_ms + 1000) }, this.at(each.from_ms), h("span", { class: "wide" }, each.isGap ? h("b", null, `${t("play.missing")} `) : null, each.text, h("span", { class: "note" }, ` ${clock(each.from_ms)}–${clock(each.to_ms)}`)))) : h("li", { class: "soft" }, t("play.nothing")));
  }

  private events(): HTMLElement {
    const written = (this.manifest.messages ?? []).map((each) => ({ at_ms: each.at_ms, text: `${t(`seat.${each.by}`)}: ${each.text}` as Both }));
    const all = [...this.manifest.events.map((each) => ({ at_ms: each.at_ms, text: each.text })), ...written].sort((a, b) => a.at_ms - b.at_ms);
    return h("ol", { class: "lines-said" }, all.length ? all.map((event) => h("li", { "data-from": event.at_ms, "data-to": event.at_ms + 1000 }, this.at(event.at_ms), h("span", { class: "wide" }, tr(event.text)))) : h("li", { class: "soft" }, t("play.nothing")));
  }
}

customElements.define("jl-playback", Playback);
