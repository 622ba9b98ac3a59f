// The sealed session on one time line: pictures, steps, transcript, findings, gaps and clauses. A click on anything jumps to its second.

import { apiOf, get, Problem } from "../api.ts";
import { h, icon, Region } from "../dom.ts";
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

const VERDICT_SIGN: Record<string, string> = { met: "check", not_met: "cross", not_evidenced: "question" };

class Playback extends HTMLElement {
  private manifest!: Manifest;
  private ensemble: Ensemble | null = null;
  private head = h("div", { class: "tl-head", "aria-hidden": "true" });
  private range = h("input", { type: "range", min: 0, step: 100, value: 0, class: "tl-range", "aria-label": t("play.position") });
  private now = h("span", { class: "play-now" }, "00:00");
  private list = h("div", { class: "play-list" });
  private region = new Region(this.list);
  private tab: "clauses" | "transcript" | "events" = "clauses";
  private wanted = "";
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
      const name = tr(role.label) || t(`seat.${role.role}`);
      if (!RolePlayer.can(role)) { videos.push(h("figure", { class: "play-role" }, h("div", { class: "says care" }, t("play.codec", { mime: role.mime })), h("figcaption", null, name))); continue; }
      const video = h("video", { playsinline: true, preload: "auto", "aria-label": name });
      const wrong = h("p", { class: "wrong", hidden: true });
      const box = h("figure", { class: `play-role${role.has_picture === false ? " is-sound" : ""}` }, video, h("figcaption", null, name), wrong);
      const player = new RolePlayer(video, role, manifest.duration_ms, (fault) => { wrong.hidden = false; wrong.textContent = `${t("play.segment")} ${fault}`; });
      players.push(player);
      videos.push(box);
      void player.open().catch((error: unknown) => { wrong.hidden = false; wrong.textContent = error instanceof Problem ? error.text : String(error); });
    }
    this.ensemble = new Ensemble(players, (ms) => this.time(ms));
    this.toggle.addEventListener("click", () => this.flip());
    this.range.addEventListener("input", () => this.ensemble?.seek(Number(this.range.value)));
    this.addEventListener("keydown", (event) => this.key(event));
    this.replaceChildren(
      h("div", { class: "play-grid" },
        h("div", { class: "play-main" }, h("div", { class: "play-videos", "data-count": String(videos.length) }, videos), this.controls(), this.timeline()),
        h("aside", { class: "play-side" }, this.tally(), this.tabs(), this.list)));
    this.fill();
    const at = /t=([\d.]+)/.exec(location.hash);
    if (at) this.jump(Number(at[1]) * 1000);
  }

  private controls(): HTMLElement {
    const speed = h("select", { class: "fit", "aria-label": t("play.speed"), onchange: () => this.ensemble?.rate(Number(speed.value)) }, [0.5, 1, 1.5, 2].map((each) => h("option", { value: each, selected: each === 1 }, `${each}×`)));
    return h("div", { class: "play-controls" }, this.toggle, h("button", { class: "round", type: "button", "aria-label": t("play.back10"), onclick: () => this.step(-10000) }, "−10"), h("button", { class: "round", type: "button", "aria-label": t("play.on10"), onclick: () => this.step(10000) }, "+10"),
      h("span", { class: "play-time" }, this.now, " / ", clock(this.manifest.duration_ms)), speed);
  }

  private flip(): void {
    const ensemble = this.ensemble;
    if (!ensemble) return;
    if (ensemble.isPlaying) ensemble.pause(); else void ensemble.play();
    this.toggle.replaceChildren(icon(ensemble.isPlaying ? "pause" : "play"));
    this.toggle.setAttribute("aria-label", t(ensemble.isPlaying ? "play.pause" : "play.play"));
  }

  private step(ms: number): void { this.jump(Math.min(this.manifest.duration_ms, Math.max(0, (this.ensemble?.ms ?? 0) + ms))); }

  private jump(ms: number): void {
    this.ensemble?.seek(ms);
    history.replaceState(null, "", `#t=${(ms / 1000).toFixed(1)}`);
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (/^(INPUT|SELECT|TEXTAREA|BUTTON)$/.test(target.tagName) && target !== this.range) return;
    if (event.key === " " || event.key === "k") { event.preventDefault(); this.flip(); }
    else if (event.key === "ArrowLeft") { event.preventDefault(); this.step(event.shiftKey ? -10000 : -2000); }
    else if (event.key === "ArrowRight") { event.preventDefault(); this.step(event.shiftKey ? 10000 : 2000); }
  }

  private time(ms: number): void {
    this.now.textContent = clock(ms);
    if (document.activeElement !== this.range || this.ensemble?.isPlaying) this.range.value = String(ms);
    this.range.setAttribute("aria-valuetext", clock(ms));
    this.head.style.insetInlineStart = `${(100 * ms) / Math.max(1, this.manifest.duration_ms)}%`;
    for (const each of this.list.querySelectorAll<HTMLElement>("[data-from]")) each.classList.toggle("is-now", Number(each.dataset["from"]) <= ms && ms < Number(each.dataset["to"]));
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
      row(t("play.steps"), steps), roles.map((role) => row(t(`seat.${role}`), this.manifest.transcript.filter((line) => line.role === role).map((line) => mark(line, "is-speech", line.text)))),
      row(t("play.clauses"), clauses), row(t("play.findings"), this.manifest.findings.map((finding) => mark(finding, "is-finding", tr(finding.label) || finding.kind))),
      row(t("play.gaps"), this.manifest.gaps.map((gap) => mark(gap, "is-gap", tr(gap.label) || gap.reason || ""))), ticks, h("div", { class: "tl-over" }, this.head));
  }

  private tally(): HTMLElement {
    const count = (verdict: string): number => this.manifest.clauses.filter((each) => each.verdict === verdict).length;
    if (!this.manifest.clauses.length) return h("p", { class: "says care" }, t("play.not_judged"));
    return h("ul", { class: "tally" }, ["met", "not_met", "not_evidenced"].map((key) => h("li", { class: key }, h("b", null, String(count(key))), h("span", null, t(`verdict.${key}`)))));
  }

  private tabs(): HTMLElement {
    const names = ["clauses", "transcript", "events"] as const;
    const bar = h("div", { class: "tabs", role: "tablist" });
    const show = (): void => { bar.replaceChildren(...names.map((name) => h("button", { type: "button", role: "tab", "aria-selected": String(this.tab === name), onclick: () => { this.tab = name; show(); this.fill(); } }, t(`play.${name}`)))); };
    show();
    return bar;
  }

  private fill(): void {
    this.region.show([this.tab, this.wanted], () => (this.tab === "clauses" ? this.clauses() : this.tab === "transcript" ? this.transcript() : this.events()));
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
    const input = h("input", { type: "search", placeholder: t("play.find"), "aria-label": t("play.find"), value: this.wanted });
    const lines = h("ol", { class: "lines-said", lang: "zh-CN" });
    const fill = (): void => {
      const wanted = input.value.trim().toLowerCase();
      const found = this.manifest.transcript.filter((line) => !wanted || line.text.toLowerCase().includes(wanted));
      lines.replaceChildren(...(found.length ? found.map((line) => h("li", { "data-from": line.from_ms, "data-to": line.to_ms }, this.at(line.from_ms), h("b", null, t(`seat.${line.role}`)), h("span", null, line.text))) : [h("li", { class: "soft" }, t("play.nothing"))]));
    };
    input.addEventListener("input", fill);
    fill();
    return h("div", { class: "stack-small" }, input, lines, h("p", { class: "note" }, t("play.transcript_note")));
  }

  private events(): HTMLElement {
    const written = (this.manifest.messages ?? []).map((each) => ({ at_ms: each.at_ms, text: `${t(`seat.${each.by}`)}: ${each.text}` as Both }));
    const all = [...this.manifest.events.map((each) => ({ at_ms: each.at_ms, text: each.text })), ...written].sort((a, b) => a.at_ms - b.at_ms);
    return h("ol", { class: "lines-said" }, all.length ? all.map((event) => h("li", { "data-from": event.at_ms, "data-to": event.at_ms + 1000 }, this.at(event.at_ms), h("span", { class: "wide" }, tr(event.text)))) : h("li", { class: "soft" }, t("play.nothing")));
  }
}

customElements.define("jl-playback", Playback);
