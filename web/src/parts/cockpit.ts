// The agent's page: pictures, script with the current step and the next sentence, what blocks it, health of every track, what is recorded.

import { Problem } from "../api.ts";
import { ask, busy, h, icon, Region, toast } from "../dom.ts";
import { LiveMedia } from "../media/live.ts";
import type { SampleDevices } from "../media/sample.ts";
import { currentStep, may, Session, undecided, type Blocked, type Step, type View } from "../session.ts";
import { clock, t, tr } from "../words.ts";
import { Acts } from "./acts.ts";
import { endShare, fillChat, chat, healthNote, Herald, News, ownControls, placeTiles, recordingBadge, recordingWord, share, withdrawnNote, wordOf } from "./bits.ts";
import { supervisorNote, supervisorPanel, supervisorShown } from "./advice.ts";
import { checkList, checkMark, checksShown, missedNote } from "./checks.ts";
import { Deposits, hasDeposits } from "./deposits.ts";
import { DeviceTest } from "./devicetest.ts";
import { Encryption } from "./encryption.ts";
import { gateList, gateShown, gateSums, isCovered } from "./gate.ts";
import { doubt, isUnrecorded } from "./health.ts";
import { membersPart, membersShown } from "./members.ts";
import { invitations, peopleList } from "./people.ts";

const OVER = ["ended", "sealed", "refused", "halted"];

class Cockpit extends HTMLElement {
  private session!: Session;
  private acts!: Acts;
  private media!: LiveMedia;
  private encryption!: Encryption;
  private deposits!: Deposits;
  private test: DeviceTest | null = null;
  private regions: Record<string, Region> = {};
  private stage!: HTMLElement;
  private chatList: HTMLElement | null = null;
  private board = h("div", { class: "board-place", hidden: true });
  private tab = "people";
  private railAt = "";
  private heldSeat = "";
  private readonly herald = new Herald();
  private readonly news = new News();

  connectedCallback(): void {
    const ref = this.dataset["case"] ?? "";
    const ice = JSON.parse(this.querySelector("script[data-ice]")?.textContent ?? "[]") as RTCIceServer[];
    this.session = new Session(ref);
    this.acts = new Acts(this.session);
    this.deposits = new Deposits(this.session);
    this.media = new LiveMedia(ref, ice, () => { if (this.session.view) this.draw(this.session.view); });
    this.media.sealing = this.encryption = new Encryption(this.session, () => { if (this.session.view) this.follow(this.session.view); });
    this.session.onLink(() => { if (this.session.view) this.draw(this.session.view); });
    void this.session.open().then(() => this.begin(), (error: unknown) => this.broken(error));
  }

  private broken(error: unknown): void {
    this.replaceChildren(h("div", { class: "sheet empty" }, h("h2", null, t("live.broken")), h("p", { class: "soft" }, error instanceof Problem ? error.text : String(error)), h("button", { class: "button main", type: "button", "data-action": "reload" }, t("live.again"))));
  }

  private get seat(): string { return this.session.view?.you?.seat ?? ""; }

  private async begin(): Promise<void> {
    this.frame();
    this.session.onView((view) => this.follow(view));
    const view = this.session.view;
    if (view && this.seat && (await this.media.reopen(this.seat, t("sample.label")))) void this.media.publish(this.seat).then(() => this.draw(this.session.view!));
  }

  private frame(): void {
    const region = (name: string, tag = "div"): HTMLElement => { const at = h(tag, { class: `c-${name}` }); this.regions[name] = new Region(at); return at; };
    this.stage = h("div", { class: "stage", "data-count": "0" });
    this.replaceChildren(
      h("header", { class: "c-head" }, region("title"), region("rec"), region("controls")),
      this.herald.at, region("alarm"), region("gone"), region("beside"),
      h("div", { class: "c-grid" },
        h("section", { class: "c-left", "aria-label": t("cockpit.pictures") }, this.stage, region("own"), this.board, region("tracks")),
        h("section", { class: "c-mid", "aria-label": t("cockpit.script") }, region("missed"), region("advice"), region("main"), region("next"), region("checks")),
        h("aside", { class: "c-right" }, region("rail", "nav"), region("tabs"), h("div", { class: "c-panel" }, region("panel"), region("members"), this.deposits.at, region("chat")))));
  }

  private follow(view: View): void {
    void this.encryption.follow(view);
    if (view.state === "ended" || view.state === "sealed" || view.state === "refused" || view.state === "halted") {
      this.media.follow(view, this.seat);
      location.reload();
      return;
    }
    if (this.heldSeat && this.seat !== this.heldSeat && this.media.own) {
      // Handed over: a feed is published by whoever holds the seat, and by nobody else.
      this.media.close();
      toast(t("handover.done", { who: view.seats.find((each) => each.seat === "agent")?.display ?? "" }));
    }
    this.heldSeat = this.seat;
    this.news.follow(view, this.seat, this.tab === "chat");
    this.herald.tell(recordingWord(view));
    // Who sits beside the session watches without sending; who has got up, or only looks in, watches nobody.
    if (this.media.own || view.supervisor?.is_you) this.media.follow(view, this.seat);
    else if (this.media.tiles.size) this.media.follow(view, "");
    this.draw(view);
  }

  private show(name: string, shown: unknown, make: () => Node | Node[] | null): void { this.regions[name]?.show([shown, this.session.link], make as never); }

  private draw(view: View): void {
    const step = currentStep(view);
    const before = ["draft", "waiting", "ready"].includes(view.state);
    this.classList.toggle("is-before", before);
    this.show("title", [view.title, view.number, view.state, view.template.title, view.check_code], () => [
      h("p", { class: "crumb" }, h("a", { href: "/cases" }, t("cockpit.back"))),
      h("h1", null, view.title || view.number), h("p", { class: "note" }, [view.number, tr(view.template.title)].filter(Boolean).join(" · "), view.check_code ? h("span", { class: "checkcode", title: t("cockpit.check_text") }, t("cockpit.check"), h("b", null, view.check_code)) : null)]);
    this.show("rec", [view.recording.state, view.state, isUnrecorded(view), Math.floor((view.recording.now_ms ?? 0) / 1000), Math.floor((view.recording.recorded_until_ms ?? 0) / 1000)], () => recordingBadge(view, this.session.link === "lost"));
    this.show("controls", [view.allowed, view.state], () => this.controls(view));
    this.show("gone", view.consents.map((each) => [each.purpose, each.by, each.state]), () => withdrawnNote(view));
    this.show("alarm", [view.health, this.session.link, this.media.state, this.media.reason, Boolean(this.media.publisher)], () => this.alarm(view));
    this.show("own", [Boolean(this.media.own), this.media.isOn("audio"), this.media.isOn("video"), this.media.state, may(view, "share"), this.media.share?.track, view.shares], () => this.own(view));
    this.show("tracks", [view.recording.tracks, view.recording.state], () => this.tracks(view));
    this.show("beside", supervisorShown(view), () => supervisorNote(view));
    this.show("advice", supervisorShown(view), () => supervisorPanel(view, this.acts));
    this.drawMain(view, step, before);
    this.show("missed", [before, view.state, checksShown(view)], () => (before ? null : missedNote(view, this.acts)));
    this.show("checks", [before, checksShown(view)], () => (before ? null : checkList(view)));
    this.show("rail", [view.steps.map((each) => [each.id, each.state, each.attempt, each.checks]), view.checks.state, view.allowed, view.current_step], () => this.rail(view));
    if (step && this.railAt !== step.id) { this.railAt = step.id; const here = this.querySelector<HTMLElement>(".rail .is-here"); const rail = here?.parentElement; if (here && rail) rail.scrollTop = here.offsetTop - rail.clientHeight / 3; }
    this.show("tabs", [this.tab, view.messages.length, view.deposits.length, hasDeposits(view)], () => this.tabs(view));
    this.show("members", [this.tab, membersShown(view, this.encryption)], () => (this.tab === "people" ? membersPart(view, this.encryption) : null));
    this.show("panel", [this.tab, this.tab === "people" ? [view.seats, view.allowed, view.check_code] : this.tab === "consents" ? view.consents : 0], () => this.panel(view));
    this.deposits.at.hidden = this.tab !== "deposits";
    this.deposits.follow(view);
    this.regions["chat"]!.at.hidden = this.tab !== "chat";
    if (!this.chatList) { const made = chat(view, this.acts, this.seat); this.chatList = made.list; this.regions["chat"]!.at.replaceChildren(made.list, made.form); }
    fillChat(this.chatList, view, this.seat);
    placeTiles(this.stage, this.media, view);
    const empty = this.stage.querySelector(".stage-empty");
    if (!this.media.tiles.size && !empty) this.stage.append(h("p", { class: "stage-empty" }, t("cockpit.nobody")));
    else if (this.media.tiles.size) empty?.remove();
    this.stage.dataset["count"] = String(this.media.tiles.size);
  }

  private drawMain(view: View, step: Step | null, before: boolean): void {
    if (this.test) { if (!this.regions["main"]!.at.contains(this.test.at)) this.regions["main"]!.show("test", () => h("div", { class: "sheet stack narrow" }, h("h2", null, t("device.title")), this.test!.at)); return; }
    const left = step ? Math.ceil((step.left_ms ?? 0) / 1000) : 0;
    if (before) this.show("main", [view.state, view.gates, gateShown(view), view.allowed, view.you, view.seats, Boolean(this.media.own), view.recording.state], () => this.prepare(view));
    else this.show("main", [step, left, view.allowed, view.state, view.reason, isUnrecorded(view), view.consents, Boolean(this.media.sample), this.media.sample?.isSpeaking, view.recording.state], () => this.script(view, step, left));
    const next = step ? view.steps.find((each) => each.no > step.no && each.state !== "done") : null;
    this.show("next", [before, next?.id, next?.title, view.next_sentence], () => before || !next ? null : h("div", { class: "next" }, h("span", { class: "note" }, t("cockpit.next")), h("b", null, tr(next.title)), next.say[0] ? h("p", { class: "soft", lang: view.language === "zh" ? "zh-CN" : "en" }, next.say[0].text) : null));
  }

  // before the session

  private prepare(view: View): Node {
    const agent = view.seats.find((each) => each.seat === "agent");
    if (this.seat !== "agent" && this.seat !== "supervisor") {
      return h("div", { class: "sheet stack" }, h("h2", null, t("prepare.sit")), h("p", { class: "soft" }, agent && agent.state !== "empty" ? t("prepare.taken", { name: agent.display ?? "" }) : t("prepare.sit_text")),
        h("div", { class: "row" }, h("button", { class: "button main", type: "button", onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, async () => { if (await this.acts.do("seat", { seat: "agent" })) this.openTest(); }) }, t("prepare.sit_go")),
          null));
    }
    const mine = view.seats.find((each) => each.is_you);
    const isTested = Boolean(mine?.device) && Boolean(this.media.own);
    const gates = view.gates.filter((gate) => (gate.about !== this.seat || isTested || gate.code === "device_failed") && !(view.gate_checks.length && isCovered(gate)));
    const customer = view.seats.find((each) => each.seat === "customer");
    return h("div", { class: "stack" },
      h("section", { class: "sheet stack" }, h("h2", null, t("prepare.title")),
        h("ol", { class: "todo" },
          todo(isTested, t("prepare.test"), isTested ? t("prepare.test_done") : t("prepare.test_text"), isTested ? null : h("button", { class: "button main little", type: "button", onclick: () => this.openTest() }, t("prepare.test_go"))),
          todo(Boolean(customer && !["empty"].includes(customer.state)), t("prepare.invite"), customer?.state === "empty" ? t("prepare.invite_text") : t(`seatstate.${customer?.state ?? "empty"}`), may(view, "invite") ? h("button", { class: "button little", type: "button", onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => invitations(this.session, "customer")) }, t(customer?.state === "empty" ? "prepare.invite_go" : "prepare.invite_again")) : null),
          todo(!view.gates.length && isTested, t("prepare.ready"), !gates.length && !view.gates.length ? t("prepare.ready_text") : view.gate_checks.some((each) => each.state === "not_met") ? `${t("prepare.see_checks")} ${gateSums(view)}` : "", gates.length ? h("ul", { class: "blocks" }, gates.map((gate) => h("li", null, gateText(gate)))) : null))),
      h("div", { class: "row row-end" }, may(view, "abandon") ? h("button", { class: "button", type: "button", onclick: () => void this.acts.withReason(t("act.abandon"), t("act.abandon_text"), "abandon", { isGrave: true }) }, t("act.abandon")) : null,
        this.starter(view, isTested)),
      gateList(view));
  }

  private starter(view: View, isTested: boolean): HTMLElement {
    const isStarting = view.recording.state === "starting";
    return h("button", { class: "button main big", type: "button", "data-key": "start", disabled: !may(view, "start") || !isTested || isStarting, "aria-busy": String(isStarting), onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => this.acts.start()) }, t(isStarting ? "prepare.starting" : "prepare.start"));
  }

  /** Named for the seat, but not sitting yet: who made the case has to take the seat like anybody. */
  private isUnseated(): boolean { return !this.seat || this.session.view?.seats.some((each) => each.is_you && ["empty", "invited"].includes(each.state)) === true; }

  private openTest(): void {
    this.test = new DeviceTest("agent", this.dataset["samples"] === "true", t("device.use"), async (tested) => {
      this.media.sample = tested.sample;
      this.media.own = tested.stream;
      this.media.remember(tested.chosen);
      if (this.isUnseated()) await this.acts.do("seat", { seat: this.seat || "agent" });
      await this.acts.do("preflight", { checks: tested.checks });
      this.test = null;
      await this.media.publish(this.seat || "agent");
      if (this.session.view) this.follow(this.session.view);
    });
    this.drawMain(this.session.view!, null, true);
    void this.test.open();
  }

  // the script

  private script(view: View, step: Step | null, left: number): Node {
    if (view.state === "paused") return h("div", { class: "sheet stack" }, h("div", { class: "says care" }, h("h3", null, t("paused.title")), h("p", null, view.reason === "unhealthy" ? t("paused.unhealthy") : isUnrecorded(view) ? t("paused.text") : tr(doubt(view)))), may(view, "resume") && view.reason !== "unhealthy" ? this.acts.button(t("act.resume"), "resume", {}, "main") : null);
    if (!step) return h("div", { class: "sheet stack" }, h("h2", null, t("cockpit.all_done")), h("p", { class: "soft" }, t("cockpit.all_done_text")), this.acts.button(t("act.end"), "end", {}, "main big", { disabled: !may(view, "end") }));
    const isOn = step.state === "current";
    const speech = h("div", { class: "speech", tabindex: 0, role: "region", "aria-label": t("cockpit.speech"), lang: view.language === "zh" ? "zh-CN" : "en" }, step.say.map((each) => h("p", null, each.text)));
    return h("article", { class: `sheet step ${isOn ? "is-on" : ""}` },
      h("header", { class: "step-head" }, h("span", { class: "step-no" }, `${step.no} / ${view.steps.length}`), h("h2", null, tr(step.title)), step.attempt > 1 ? h("span", { class: "badge bare care" }, t("cockpit.attempt", { n: step.attempt })) : null, step.from_ms !== null && isOn ? h("span", { class: "note" }, t("cockpit.since", { time: clock(step.from_ms) })) : null),
      tr(step.prompt) ? h("p", { class: "prompt" }, icon("eye"), h("span", null, tr(step.prompt))) : null,
      step.say.length ? speech : null,
      isOn && this.media.sample ? this.samplePlayer(step, this.media.sample) : null,
      step.documents.length ? h("section", null, h("h3", null, t("cockpit.documents")), h("ul", { class: "lines" }, step.documents.map((document) => h("li", null, icon("page"), h("span", { class: "grow" }, tr(document.title) || document.id),
        document.is_showing ? h("span", { class: "badge act live" }, t("cockpit.showing")) : document.is_shown ? h("span", { class: "badge good" }, t("cockpit.shown")) : null,
        isOn ? this.acts.button(t(document.is_shown || document.is_showing ? "cockpit.show_again" : "cockpit.show"), `steps/${step.id}/documents`, { document: document.id }, "little", { disabled: !may(view, "show_document") }) : null)))) : null,
      step.answers.length ? h("section", null, h("h3", null, t("cockpit.answers")), step.answers.map((question) => h("div", { class: "question" }, h("p", null, tr(question.question)),
        h("div", { class: "row" }, question.options.map((option) => this.acts.button(tr(option.label), `steps/${step.id}/answers`, { question: question.id, answer: option.id, how: "spoken" }, `little ${question.answer === option.id ? "main" : ""}`, { disabled: !isOn || !may(view, "answer"), "aria-pressed": String(question.answer === option.id) }))), h("p", { class: "note" }, t("cockpit.spoken_note"))))) : null,
      step.consents.length ? this.consents(view, step.consents, isOn) : null,
      step.attestations.length ? h("section", null, h("h3", null, t("cockpit.attests")), h("ul", { class: "lines" }, step.attestations.map((each) => h("li", null, icon(each.is_made ? "check" : "pen"), h("span", { class: "grow" }, tr(each.what)), each.is_made ? h("span", { class: "badge good" }, t("cockpit.attested")) : h("button", { class: "button little", type: "button", disabled: !may(view, "attest"), onclick: () => void this.attest(each.clause, tr(each.what)) }, t("cockpit.attest")))))) : null,
      isOn && step.blocked_by.length ? h("ul", { class: "blocks", "aria-label": t("cockpit.blocked") }, step.blocked_by.map((each) => h("li", null, blockText(step, each, view), each.code === "too_early" && left ? ` (${left} s)` : ""))) : null,
      h("footer", { class: "row" }, isOn ? this.acts.button(t("cockpit.complete"), `steps/${step.id}/complete`, {}, "main big", { disabled: !step.can_complete || this.media.sample?.isSpeaking === true, "data-key": "go" }) : this.acts.button(t(step.state === "reopened" ? "cockpit.start_again" : "cockpit.start"), `steps/${step.id}/start`, {}, "main big", { disabled: !may(view, "start_step"), "data-key": "go" }),
        step.clauses.length ? h("details", { class: "basis" }, h("summary", null, t("cockpit.basis", { n: step.clauses.length })), h("ul", null, step.clauses.map((clause) => h("li", null, h("b", null, tr(clause.title)), h("span", { class: "note" }, clause.citation))))) : null));
  }

  private samplePlayer(step: Step, sample: SampleDevices): HTMLElement | null {
    const lines = sample.linesOf(step.say.map((each) => each.text));
    if (!lines.length) return null;
    return h("div", { class: "row" }, h("button", { class: "button", type: "button", "data-key": "sample", disabled: sample.isSpeaking, "aria-busy": String(sample.isSpeaking), onclick: () => { const said = sample.sayAll(lines); this.draw(this.session.view!); void said.then(() => this.draw(this.session.view!)); } }, icon("flask"), t(sample.isSpeaking ? "sample.speaking" : "sample.say")), h("span", { class: "note" }, t("sample.note")));
  }

  private consents(view: View, purposes: string[], isOn: boolean): HTMLElement {
    const asked = view.consents.filter((each) => purposes.includes(each.purpose));
    const step = currentStep(view);
    const open = step && isOn ? undecided(step) : [];
    const stateOf = (each: { purpose: string; state: string }): string => (open.includes(each.purpose) ? "asked" : each.state);
    return h("section", null, h("h3", null, t("cockpit.consents")), h("ul", { class: "lines" }, asked.map((each) => h("li", null, icon(stateOf(each) === "given" ? "check" : stateOf(each) === "asked" ? "question" : "cross"), h("span", { class: "grow" }, tr(each.title), each.by && each.by !== "customer" ? ` · ${t(`seat.${each.by}`)}` : ""), h("span", { class: `badge ${stateOf(each) === "given" ? "good" : stateOf(each) === "asked" ? "care" : "bad"}` }, t(`consent.${stateOf(each)}`)),
      isOn && may(view, "consent") && each.by === "customer" ? h("span", { class: "row" }, this.acts.button(t("cockpit.said_yes"), "consents", { purpose: each.purpose, decision: "given", how: "spoken" }, "little"), this.acts.button(t("cockpit.said_no"), "consents", { purpose: each.purpose, decision: "refused", how: "spoken" }, "little")) : null))));
  }

  private async attest(clause: string, what: string): Promise<void> {
    const said = await ask({ title: t("cockpit.attest"), text: t("cockpit.attest_text"), go: t("cockpit.attest_go"), fields: [h("div", { class: "field" }, h("label", { for: "statement" }, t("cockpit.statement")), h("textarea", { id: "statement", name: "statement", required: true, maxlength: 500 }, what))] }, t("cancel"));
    const statement = said?.get("statement");
    if (typeof statement === "string" && statement.trim()) await this.acts.do("attestations", { clause, statement: statement.trim() });
  }

  // around it

  private rail(view: View): Node {
    return h("ol", { class: "rail", tabindex: 0, "aria-label": t("cockpit.script") }, view.steps.map((step) => h("li", { class: `is-${step.state}${step.id === view.current_step ? " is-here" : ""}`, "aria-current": step.id === view.current_step ? "step" : false },
      h("span", { class: "rail-dot", "aria-hidden": "true" }, step.state === "done" ? icon("check") : String(step.no)), h("span", { class: "grow" }, tr(step.title), h("span", { class: "only-heard" }, t(`stepstate.${step.state}`))),
      step.state !== "done" ? null : h("span", { class: "rail-more" }, checkMark(step, view.checks.state === "off"), h("span", { class: "note" }, clock(step.from_ms)),
        !may(view, "redo_step") ? null : h("button", { class: "redo", type: "button", title: t("cockpit.redo"), "aria-label": `${t("cockpit.redo")}: ${tr(step.title)}`, onclick: () => void this.acts.withReason(t("cockpit.redo"), t("cockpit.redo_text", { step: tr(step.title) }), `steps/${step.id}/redo`) }, icon("redo"))))));
  }

  private tabs(view: View): Node {
    const names = ["people", "consents", "chat", ...(hasDeposits(view) ? ["deposits"] : [])];
    if (!names.includes(this.tab)) this.tab = "people";
    return h("div", { class: "tabs", role: "tablist" }, names.map((name) => h("button", { type: "button", role: "tab", "data-key": `tab-${name}`, "aria-selected": String(this.tab === name), tabindex: this.tab === name ? 0 : -1, onclick: () => { this.tab = name; this.draw(view); },
      onkeydown: (event: KeyboardEvent) => { const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0; if (step) { this.tab = names[(names.indexOf(name) + step + names.length) % names.length]!; this.draw(this.session.view!); this.querySelector<HTMLElement>(`[data-key="tab-${this.tab}"]`)?.focus(); } } },
      t(`tab.${name}`), countOf(name, view) ? ` ${countOf(name, view)}` : "")));
  }

  private panel(view: View): Node | null {
    if (this.tab === "people") return peopleList(this.session, view);
    if (this.tab === "consents") return h("ul", { class: "lines" }, view.consents.length ? view.consents.map((each) => h("li", null, h("span", { class: "grow" }, h("b", null, tr(each.title)), h("span", { class: "note" }, [each.by ? t(`seat.${each.by}`) : "", t("consent.version", { version: each.version }), each.how ? t(`consent.how_${each.how}`) : "", each.at_ms ? clock(each.at_ms) : ""].filter(Boolean).join(" · "))), h("span", { class: `badge ${each.state === "given" ? "good" : each.state === "asked" ? "" : "bad"}` }, t(`consent.${each.state}`)))) : h("li", { class: "soft" }, t("consent.none")));
    return null;
  }

  private controls(view: View): Node {
    const more: HTMLElement[] = [];
    if (may(view, "pause")) more.push(h("button", { class: "button little", type: "button", onclick: () => void this.acts.withReason(t("act.pause"), t("act.pause_text"), "pause") }, t("act.pause")));
    if (may(view, "resume") && view.reason !== "unhealthy") more.push(this.acts.button(t("act.resume"), "resume", {}, "little main"));
    if (may(view, "handover") && this.seat === "supervisor") more.push(h("button", { class: "button little", type: "button", onclick: () => void this.acts.withReason(t("act.takeover"), t("act.takeover_text"), "handover", { body: { to: this.dataset["account"] ?? "" } }) }, t("act.takeover")));
    else if (may(view, "handover")) more.push(h("button", { class: "button little", type: "button", onclick: () => void this.acts.withReason(t("act.handover"), t("act.handover_text"), "handover", { more: [h("div", { class: "field" }, h("label", { for: "to" }, t("act.handover_to")), h("input", { id: "to", name: "to", required: true, autocomplete: "off", autocapitalize: "none", spellcheck: "false" }))] }) }, t("act.handover")));
    if (may(view, "refuse") && view.state !== "draft") more.push(h("button", { class: "button little grave", type: "button", onclick: () => void this.acts.withReason(t("act.refuse"), t("act.refuse_text"), "refuse", { isGrave: true, isFree: true }) }, t("act.refuse")));
    if (may(view, "abandon") && ["live", "paused"].includes(view.state)) more.push(h("button", { class: "button little grave", type: "button", onclick: () => void this.acts.withReason(t("act.abandon"), t("act.abandon_text"), "abandon", { isGrave: true }) }, t("act.abandon")));
    if (may(view, "end")) more.push(this.acts.button(t("act.end"), "end", {}, "little main"));
    return h("div", { class: "row" }, more);
  }

  private alarm(view: View): Node | null {
    if (this.session.link === "lost") return h("div", { class: "says bad", role: "alert" }, t("live.link_lost"));
    if (this.media.publisher && this.media.state === "interrupted") return h("div", { class: "says care", role: "alert" }, t("live.media_lost"));
    if (this.media.publisher && this.media.state === "refused") return h("div", { class: "says bad", role: "alert" }, t("live.media_refused"), " ", this.media.reason);
    if (this.seat && !this.media.own && !this.test && !["draft", "waiting", "ready"].includes(view.state) && !OVER.includes(view.state)) return h("div", { class: "says care row", role: "alert" }, h("span", { class: "grow" }, t("live.no_devices")), h("button", { class: "button little main", type: "button", onclick: () => this.openTest() }, t("prepare.test_go")));
    return healthNote(view);
  }

  private own(view: View): Node | null {
    if (!this.media.own) return null;
    const video = h("video", { autoplay: true, muted: true, playsinline: true, class: `self ${this.media.sample ? "" : "mirror"}`, "aria-label": t("media.you") });
    video.muted = true;
    video.srcObject = this.media.own;
    void video.play().catch(() => undefined);
    const shares = this.media.share ? [h("button", { class: "button little", type: "button", onclick: () => void endShare(this.acts, this.media, this.board) }, t("share.end"))]
      : may(view, "share") ? (["screen", "document", "whiteboard"] as const).map((kind) => h("button", { class: "button little", type: "button", title: t(`share.${kind}`), onclick: () => void share(kind, this.acts, this.media, this.board) }, icon(kind === "screen" ? "screen" : kind === "document" ? "page" : "pen"), t(`share.short_${kind}`))) : [];
    if (this.seat === "agent") for (const each of view.shares) if (each.track !== this.media.share?.track) shares.push(h("button", { class: "button little", type: "button", onclick: () => void this.acts.do(`shares/${encodeURIComponent(each.track)}`, undefined, "DELETE") }, t("share.end_of", { who: t(`seat.${each.by}`) })));
    return h("div", { class: "ownbar" }, h("div", { class: "self-box" }, video, h("span", { class: "tile-name" }, t("media.you"))), h("div", { class: "stack-small grow" }, h("div", { class: "row" }, ownControls(this.media), h("span", { class: `badge ${this.media.state === "connected" ? "good" : "care"}` }, t(`media.${this.media.state}`))), shares.length ? h("div", { class: "row" }, shares) : null));
  }

  private tracks(view: View): Node | null {
    const tracks = Object.entries(view.recording.tracks ?? {}).filter(([, track]) => track.state !== "idle");
    if (!tracks.length) return h("p", { class: "note" }, t("cockpit.no_tracks"));
    return h("table", { class: "tracks" }, h("caption", null, t("cockpit.tracks")), h("tbody", null, tracks.map(([name, track]) => {
      const isPicture = name.endsWith("-picture") || name.endsWith("-screen");
      const numbers = isPicture ? [track.fps !== undefined ? t("cockpit.fps", { n: track.fps }) : "", track.kbps !== undefined ? `${track.kbps} kbit/s` : ""] : [track.level_db !== undefined ? `${track.level_db} dB` : "", track.lost ? t("cockpit.lost", { n: track.lost }) : ""];
      return h("tr", null, h("th", { scope: "row" }, icon(name.endsWith("-screen") ? "screen" : isPicture ? "camera" : "mic"), t(`seat.${name.replace(/-(picture|screen)$/, "")}`), h("span", { class: "only-heard" }, ` (${t(name.endsWith("-screen") ? "check.screen" : isPicture ? "check.camera" : "check.microphone")})`)), h("td", null, h("span", { class: `badge ${track.state === "ok" ? "good" : track.state === "starting" ? "" : track.state === "weak" || track.state === "silent" ? "care" : "bad"}` }, t(`track.${track.state}`))), h("td", { class: "note" }, numbers.filter(Boolean).join(" · ")));
    })));
  }
}

const countOf = (tab: string, view: View): number => (tab === "chat" ? view.messages.length : tab === "deposits" ? view.deposits.length : 0);

function todo(isDone: boolean, title: string, text: string, more: HTMLElement | null): HTMLElement {
  return h("li", { class: isDone ? "is-done" : "" }, h("span", { class: "todo-mark", "aria-hidden": "true" }, isDone ? icon("check") : ""), h("div", { class: "grow" }, h("h3", null, title), text ? h("p", { class: "soft small" }, text) : null, more));
}

/** What keeps the session from starting, with seats and checks in words. */
export function gateText(gate: { code: string; about?: string; text: { zh?: string; en?: string } | string | null | undefined }): string {
  const about = (gate.about ?? "").split("/").map((part) => wordOf(part)).join(" · ");
  const key = `gate.${gate.code}`;
  const text = t(key, { about });
  return text === key ? tr(gate.text) : text;
}

/** Why a step cannot be completed, with its documents, questions and purposes called by their titles. */
export function blockText(step: Step, block: Blocked, view: View): string {
  const about = block.about ?? "";
  const [purpose = ""] = about.split("/");
  const title = tr(step.documents.find((each) => each.id === about)?.title) || tr(step.answers.find((each) => each.id === about)?.question)
    || tr(view.consents.find((each) => each.purpose === purpose)?.title) || tr(step.attestations.find((each) => each.clause === about)?.what) || tr(view.steps.find((each) => each.id === about)?.title);
  const text = tr(block.text);
  return about && title ? text.replace(about, title) : text;
}

customElements.define("jl-cockpit", Cockpit);
