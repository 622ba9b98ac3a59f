// The customer's page, and that of guardians, interpreters and witnesses: device test, notices and consents, waiting, the talk, the end.
// Refusing and withdrawing are one touch away at every moment.

import { apiOf, post, Problem } from "../api.ts";
import { h, icon, Region } from "../dom.ts";
import { LiveMedia } from "../media/live.ts";
import { currentStep, may, Session, undecided, type Consent, type Step, type View } from "../session.ts";
import { clock, t, tr } from "../words.ts";
import { Acts } from "./acts.ts";
import { supervisorNote, supervisorShown } from "./advice.ts";
import { chat, endShare, fillChat, Herald, News, ownControls, placeTiles, share, withdrawnNote } from "./bits.ts";
import { Deposits, hasDeposits } from "./deposits.ts";
import { DeviceTest } from "./devicetest.ts";
import { Encryption } from "./encryption.ts";
import { doubt, isUnrecorded } from "./health.ts";
import { membersPart, membersShown } from "./members.ts";

const OVER = ["ended", "sealed", "refused", "halted"];

class RoomPage extends HTMLElement {
  private session!: Session;
  private acts!: Acts;
  private media!: LiveMedia;
  private encryption!: Encryption;
  private test: DeviceTest | null = null;
  private regions: Record<string, Region> = {};
  private stage = h("div", { class: "stage" });
  private board = h("div", { class: "board-place", hidden: true });
  private chatAt = h("details", { class: "sheet room-chat" });
  private chatList: HTMLElement | null = null;
  private deposits!: Deposits;
  private depositsAt = h("details", { class: "sheet room-deposits" });
  private wasLive = false;
  private areRightsOpen = false;
  private readonly herald = new Herald();
  private readonly news = new News();

  connectedCallback(): void {
    const ref = this.dataset["case"] ?? "";
    const ice = JSON.parse(this.querySelector("script[data-ice]")?.textContent ?? "[]") as RTCIceServer[];
    this.session = new Session(ref);
    this.acts = new Acts(this.session);
    this.deposits = new Deposits(this.session);
    this.depositsAt.append(h("summary", null, icon("page"), h("span", null, t("deposit.title")), h("b", { class: "count" })), this.deposits.at);
    this.media = new LiveMedia(ref, ice, () => { if (this.session.view) this.draw(this.session.view); });
    this.media.sealing = this.encryption = new Encryption(this.session, () => { if (this.session.view) this.follow(this.session.view); });
    this.session.onLink(() => { if (this.session.view) this.draw(this.session.view); });
    void this.session.open().then(() => this.begin(), (error: unknown) => this.broken(error));
  }

  private get seat(): string { return this.session.view?.you?.seat || this.dataset["seat"] || "customer"; }

  private broken(error: unknown): void {
    this.replaceChildren(h("div", { class: "sheet empty" }, h("h1", null, t("live.broken")), h("p", { class: "soft" }, error instanceof Problem ? error.text : String(error)), h("button", { class: "button main", type: "button", "data-action": "reload" }, t("live.again"))));
  }

  private async begin(): Promise<void> {
    const region = (name: string): HTMLElement => { const at = h("div", { class: `r-${name}` }); this.regions[name] = new Region(at); return at; };
    this.replaceChildren(h("div", { class: "r-top" }, this.herald.at, region("bar"), region("alarm"), region("gone"), region("beside")), h("div", { class: "r-near" }, this.stage, region("self")), region("main"),
      h("div", { class: "r-far" }, this.board, this.chatAt, this.depositsAt, region("members"), region("rights")));
    const isBack = await this.media.reopen(this.seat, t("sample.label"));
    this.session.onView((view) => this.follow(view));
    if (isBack) void this.media.publish(this.seat).then(() => this.draw(this.session.view!));
  }

  private follow(view: View): void {
    document.documentElement.classList.toggle("is-elderly", Boolean(view.is_large) || view.profile === "elderly");
    if (view.state === "live") this.wasLive = true;
    void this.encryption.follow(view);
    if (this.media.own || OVER.includes(view.state)) this.media.follow(view, this.seat);
    this.news.follow(view, this.seat, (this.chatAt as HTMLDetailsElement).open);
    if (!OVER.includes(view.state)) this.herald.tell(recordingLine(view));
    this.draw(view);
  }

  private show(name: string, shown: unknown, make: () => unknown): void { this.regions[name]?.show([shown], make as never); }

  private draw(view: View): void {
    const isOver = OVER.includes(view.state);
    const isTalking = ["live", "paused"].includes(view.state);
    this.dataset["phase"] = isOver ? "over" : isTalking ? "talk" : this.media.own ? "wait" : "door";
    this.stage.hidden = isOver || !this.media.own;
    this.show("bar", [view.state, view.recording.state, isUnrecorded(view), Math.floor((view.recording.now_ms ?? view.now_ms ?? 0) / 1000), view.check_code, this.agentName(view), this.session.link], () => this.bar(view, isOver));
    this.show("alarm", [view.health, this.session.link, this.media.state, this.media.reason, Boolean(this.media.publisher), view.state], () => this.alarm(view, isOver));
    this.show("gone", [isOver, view.consents.map((each) => [each.purpose, each.by, each.state])], () => (isOver ? null : withdrawnNote(view)));
    this.show("beside", [isOver, supervisorShown(view)], () => (isOver ? null : supervisorNote(view)));
    this.show("self", [isOver, Boolean(this.media.own), this.media.isOn("audio"), this.media.isOn("video"), this.media.state, this.media.share?.track, may(view, "share")], () => (isOver ? null : this.self(view)));
    this.drawMain(view, isOver, isTalking);
    this.show("members", [isOver, membersShown(view, this.encryption)], () => (isOver ? null : membersPart(view, this.encryption)));
    this.show("rights", [view.allowed, view.consents.map((each) => [each.purpose, each.by, each.state]), isOver], () => (isOver ? null : this.rights(view)));
    this.chatAt.hidden = isOver || !this.media.own || !may(view, "message");
    if (!this.chatList) {
      const made = chat(view, this.acts, this.seat);
      this.chatList = made.list;
      this.chatAt.replaceChildren(h("summary", null, icon("chat"), h("span", null, t("chat.title")), h("b", { class: "count" })), made.list, made.form);
    }
    fillChat(this.chatList, view, this.seat);
    const count = this.chatAt.querySelector(".count");
    if (count) count.textContent = view.messages.length ? String(view.messages.length) : "";
    this.depositsAt.hidden = isOver || !this.media.own || !hasDeposits(view);
    this.deposits.follow(view);
    this.depositsAt.querySelector(".count")!.textContent = view.deposits.length ? String(view.deposits.length) : "";
    placeTiles(this.stage, this.media, view);
    const empty = this.stage.querySelector(".stage-empty");
    if (!this.media.tiles.size && !empty) this.stage.append(h("p", { class: "stage-empty" }, t("room.waiting_agent")));
    else if (this.media.tiles.size) empty?.remove();
    this.stage.dataset["count"] = String(this.media.tiles.size);
  }

  private agentName(view: View): string { return view.seats.find((each) => each.seat === "agent")?.display ?? ""; }

  private drawMain(view: View, isOver: boolean, isTalking: boolean): void {
    if (isOver) { this.show("main", [view.state, view.reason, this.wasLive], () => this.over(view)); return; }
    if (this.test) { this.show("main", "test", () => h("section", { class: "sheet stack" }, h("div", null, h("p", { class: "note" }, t("room.step_of", { n: 2, of: 3 })), h("h1", null, t("device.title"))), this.test!.at)); return; }
    if (!this.media.own) { this.show("main", ["door", view.title, this.agentName(view), view.check_code, isTalking], () => this.welcome(view, isTalking)); return; }
    const open = view.consents.filter((each) => each.by === this.seat && each.state === "asked" && (each.moment === "door"));
    if (open.length && !isTalking) { this.show("main", ["consent", open], () => this.door(open, view)); return; }
    if (!isTalking) { this.show("main", ["wait", view.gates, this.agentName(view)], () => this.waiting(view)); return; }
    if (view.state === "paused") { this.show("main", ["paused", view.reason, isUnrecorded(view)], () => h("div", { class: "sheet says care" }, h("h2", null, t("paused.title")), h("p", null, isUnrecorded(view) ? t("paused.customer") : view.reason === "unhealthy" ? t("room.unhealthy") : tr(doubt(view))))); return; }
    const step = currentStep(view);
    this.show("main", [step, view.showing, view.consents, view.steps.length, this.media.sample?.isSpeaking], () => this.step(view, step));
  }

  // the door

  private welcome(view: View, isTalking: boolean): HTMLElement {
    const go = h("button", { class: "button main big wide", type: "button", onclick: () => this.openTest() }, icon("camera"), t(isTalking ? "room.rejoin" : "room.allow"));
    return h("section", { class: "sheet stack" }, h("p", { class: "note" }, this.dataset["institution"] ?? ""), h("h1", null, view.title || tr(view.template.title)),
      h("dl", { class: "facts" }, h("dt", null, t("room.agent")), h("dd", null, this.agentName(view) || t("room.agent_later")), view.check_code ? [h("dt", null, t("room.check")), h("dd", null, h("span", { class: "big-code" }, view.check_code), h("p", { class: "note" }, t("room.check_text")))] : null),
      h("ul", { class: "promises" }, h("li", null, icon("eye"), t("room.promise_record")), h("li", null, icon("hand"), t("room.promise_refuse")), h("li", null, icon("lock"), t("room.promise_sealed"))), go);
  }

  private openTest(): void {
    this.test = new DeviceTest(this.seat, this.dataset["samples"] === "true", t("room.join"), async (tested) => {
      this.media.sample = tested.sample;
      this.media.own = tested.stream;
      this.media.remember(tested.chosen);
      try {
        this.session.take(await post<Partial<View>>(`${apiOf(this.session.ref)}/preflight`, { checks: tested.checks }));
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 409) throw error;
      }
      this.test = null;
      void this.media.publish(this.seat);
      if (this.session.view) this.follow(this.session.view);
      window.scrollTo({ top: 0 });
    });
    if (this.session.view) this.draw(this.session.view);
    void this.test.open();
  }

  private door(open: Consent[], view: View): HTMLElement {
    const first = open[0]!;
    const all = view.consents.filter((each) => each.by === this.seat && each.moment === "door");
    return h("section", { class: "sheet stack consent", "aria-labelledby": "consent-title" }, h("p", { class: "note" }, t("room.notice_of", { n: all.length - open.length + 1, of: all.length })), this.notice(first));
  }

  private notice(consent: Consent): Node[] {
    const id = `consent-${consent.purpose}`;
    return [h("h2", { id }, tr(consent.title)), h("div", { class: "notice", tabindex: 0, role: "region", "aria-labelledby": id }, tr(consent.text).split(/\n+/).map((line) => h("p", null, line))),
      h("p", { class: "note" }, t("consent.version", { version: consent.version }), " · ", t(consent.on_refusal === "go_on" ? "consent.free" : "consent.needed")),
      h("div", { class: "decide" }, this.acts.button(t("consent.give"), "consents", { purpose: consent.purpose, decision: "given", how: "click" }, "main big", { disabled: !this.may("consent") }),
        this.acts.button(t("consent.refuse"), "consents", { purpose: consent.purpose, decision: "refused", how: "click" }, "big", { disabled: !this.may("consent") }))];
  }

  private may(what: string): boolean { return this.session.view !== null && may(this.session.view, what); }

  private waiting(view: View): HTMLElement {
    const mine = view.gates.filter((gate) => (gate.about ?? "").includes(this.seat));
    return h("section", { class: "sheet stack", "aria-live": "polite" }, h("h2", null, t("room.ready")), h("p", { class: "soft" }, t("room.ready_text", { who: this.agentName(view) || t("seat.agent") })), h("progress", { class: "bar" }),
      mine.length ? h("ul", { class: "blocks" }, mine.map((gate) => h("li", null, tr(gate.text)))) : null,
      mine.some((gate) => gate.code.startsWith("device")) ? h("button", { class: "button", type: "button", onclick: () => this.openTest() }, t("room.test_again")) : null);
  }

  // the talk

  private step(view: View, step: Step | null): Node {
    if (!step) return h("section", { class: "sheet" }, h("h2", null, t("room.all_done")), h("p", { class: "soft" }, t("room.all_done_text")));
    const isOn = step.state === "current";
    const showing = view.showing ? view.steps.flatMap((each) => each.documents).find((each) => each.id === view.showing?.document) : null;
    const questions = isOn ? step.answers.filter((each) => (each.by ?? "customer") === this.seat) : [];
    const asked = isOn ? view.consents.filter((each) => step.consents.includes(each.purpose) && each.by === this.seat) : [];
    const open = undecided(step);
    return h("section", { class: "sheet stack room-step", "aria-live": "polite" },
      h("div", { class: "spread" }, h("h2", null, tr(step.title)), h("span", { class: "note nowrap" }, t("room.step_of", { n: step.no, of: view.steps.length }))),
      h("progress", { class: "bar", max: view.steps.length, value: view.steps.filter((each) => each.state === "done").length, "aria-label": t("room.progress") }),
      isOn && step.say.length ? h("div", { class: "captions", lang: view.language === "zh" ? "zh-CN" : "en" }, step.say.map((each) => h("p", null, each.text))) : null,
      !isOn ? h("p", { class: "soft" }, t("room.step_next")) : null,
      showing ? h("div", { class: "says" }, icon("page"), h("b", null, t("room.look", { document: tr(showing.title) }))) : null,
      asked.filter((each) => each.state === "asked" || open.includes(each.purpose)).map((each) => h("div", { class: "consent stack-small" }, this.notice(each))),
      asked.filter((each) => each.state !== "asked" && !open.includes(each.purpose)).map((each) => h("p", { class: `says ${each.state === "given" ? "good" : "care"}` }, tr(each.title), " · ", t(`consent.${each.state}`))),
      questions.map((question) => h("div", { class: "question" }, h("h3", null, tr(question.question)), h("div", { class: "decide" }, question.options.map((option) => this.acts.button(tr(option.label), `steps/${step.id}/answers`, { question: question.id, answer: option.id, how: "click" }, `big ${question.answer === option.id ? "main" : ""}`, { "aria-pressed": String(question.answer === option.id), disabled: !this.may("answer") }))))),
      this.sampleAnswer(step, isOn));
  }

  /** The bundled answers that could be said here: the one that fits the step, and whether to refuse. */
  private sampleAnswer(step: Step, isOn: boolean): Node | null {
    const sample = this.media.sample;
    if (!sample || !isOn || !ANSWERS.some((each) => step.say.some((said) => said.text.includes(each.after)))) return null;
    const fits = ANSWERS.find((each) => step.say.some((said) => said.text.includes(each.after)));
    const shown = fits ? sample.lines.filter((line) => line.id === fits.line) : [];
    const others = sample.lines.filter((line) => ["c02", "c04", "c11", "c12", "c13", "xc02_no"].includes(line.id) && line.id !== fits?.line);
    const say = (line: { id: string; text: string; en: string }, look: string): HTMLElement => h("button", { class: `button ${look}`, type: "button", "data-key": `say-${line.id}`, disabled: sample.isSpeaking, onclick: () => { const said = sample.sayAll([line]); this.draw(this.session.view!); void said.then(() => this.draw(this.session.view!)); } }, icon("flask"), tr({ zh: `“${line.text}”`, en: `“${line.text}” ${line.en}` }));
    return h("div", { class: "sample-box stack-small" }, h("p", { class: "note" }, t("sample.answer")), shown.map((line) => say(line, "")), h("details", null, h("summary", { class: "note" }, t("sample.more")), h("div", { class: "row" }, others.map((line) => say(line, "little")))));
  }

  private rights(view: View): Node {
    const given = view.consents.filter((each) => each.by === this.seat && each.state === "given");
    return h("details", { class: "sheet rights", open: this.areRightsOpen, ontoggle: (event: Event) => { const at = event.currentTarget as HTMLDetailsElement; if (at.isConnected) this.areRightsOpen = at.open; } }, h("summary", null, icon("hand"), h("span", null, t("rights.title"))), h("div", { class: "stack" },
      h("p", { class: "soft small" }, t("rights.text")),
      given.length ? h("ul", { class: "lines" }, given.map((each) => h("li", null, h("span", { class: "grow" }, tr(each.title)), h("button", { class: "button little", type: "button", disabled: !may(view, "consent"), onclick: () => void this.acts.withReason(t("rights.withdraw"), t(each.on_refusal === "end" ? "rights.withdraw_ends" : "rights.withdraw_text", { what: tr(each.title) }), "consents", { isGrave: true, isFree: true, body: { purpose: each.purpose, decision: "withdrawn", how: "click" } }) }, t("rights.withdraw"))))) : null,
      may(view, "refuse") ? h("button", { class: "button grave wide", type: "button", onclick: () => void this.acts.withReason(t("rights.refuse"), t("rights.refuse_text"), "refuse", { isGrave: true, isFree: true }) }, t("rights.refuse")) : null));
  }

  private over(view: View): HTMLElement {
    const kind = view.state === "refused" ? "refused" : view.state === "halted" ? "halted" : "ended";
    return h("section", { class: "sheet empty" }, icon(kind === "ended" ? "check" : kind === "refused" ? "hand" : "alert"), h("h1", null, t(`over.${kind}`)), h("p", { class: "soft" }, t(`over.${kind}_text`)), h("p", null, h("a", { class: "button", href: `/room/${this.session.ref}/copy` }, t("over.copy"))), h("p", { class: "note" }, t("over.rights", { institution: this.dataset["institution"] ?? "" })));
  }

  // around it

  private bar(view: View, isOver: boolean): Node | null {
    if (isOver) return null;
    const isStale = this.session.link === "lost";
    const isOn = isHeld(view) && !isStale;
    return h("div", { class: `roombar ${isOn ? "is-on" : ""}` }, h("span", { class: "rec-dot", "aria-hidden": "true" }),
      h("b", null, isStale ? t("rec.last", { state: recordingLine(view) }) : recordingLine(view)), isOn ? h("span", { class: "counter" }, clock(view.recording.now_ms ?? view.now_ms ?? 0)) : null,
      view.check_code ? h("span", { class: "checkcode" }, t("room.check_short"), h("b", null, view.check_code)) : null);
  }

  private alarm(view: View, isOver: boolean): Node | null {
    if (isOver) return null;
    if (this.session.link === "lost" || (this.media.publisher && this.media.state === "interrupted")) return h("div", { class: "says care", role: "alert" }, t("room.reconnecting"));
    if (this.media.publisher && this.media.state === "refused") return h("div", { class: "says bad", role: "alert" }, t("room.taken"), " ", this.media.reason);
    const unsure = doubt(view);
    if (view.health.level === "red") return h("div", { class: "says bad", role: "alert" }, t("room.unhealthy"), unsure ? ` ${tr(unsure)}` : null);
    if (unsure) return h("div", { class: "says care", role: "alert" }, tr(unsure));
    return null;
  }

  private self(view: View): Node | null {
    if (!this.media.own) return null;
    const video = h("video", { autoplay: true, muted: true, playsinline: true, class: `self ${this.media.sample ? "" : "mirror"}`, "aria-label": t("media.you") });
    video.muted = true;
    video.srcObject = this.media.own;
    void video.play().catch(() => undefined);
    const shares = this.media.share ? [h("button", { class: "button little", type: "button", onclick: () => void endShare(this.acts, this.media, this.board) }, t("share.end"))]
      : may(view, "share") ? (["document", "whiteboard"] as const).map((kind) => h("button", { class: "button little", type: "button", onclick: () => void share(kind, this.acts, this.media, this.board) }, t(`share.short_${kind}`))) : [];
    return h("div", { class: "ownbar" }, h("div", { class: "self-box" }, video), h("div", { class: "row grow" }, ownControls(this.media), h("span", { class: `badge ${this.media.state === "connected" ? "good" : "care"}` }, t(`media.${this.media.state}`)), shares));
  }
}

/** Whether what is said now is recorded. */
const isHeld = (view: View): boolean => view.recording.state === "recording" && ["live", "paused"].includes(view.state) && !isUnrecorded(view);
const recordingLine = (view: View): string => t(isHeld(view) ? "room.recording" : isUnrecorded(view) ? "rec.paused" : "room.not_recording");

/** Which bundled answer fits after which bundled sentence. */
const ANSWERS = [
  { after: "全程录音录像，请问您是否同意", line: "c02" },
  { after: "是否单独同意", line: "c04" },
  { after: "是否清楚并理解", line: "c11" },
  { after: "抄录风险提示语", line: "c12" },
  { after: "是否自愿购买", line: "c13" },
];

customElements.define("jl-room", RoomPage);
