// The state of one session as the server sees it, kept fresh by server-sent events; when the stream breaks, by asking again.

import { apiOf, capacity, get } from "./api.ts";
import type { Both } from "./words.ts";

export interface Track { state: string; packets?: number; lost?: number; key_frames?: number; fps?: number; kbps?: number; level_db?: number; frozen_ms?: number; drift_ms?: number; last_packet_ms_ago?: number }
/** How the recording stands: `none` without one. `looked_ms` is when it was looked at, null for not yet. */
export interface Health { level: "none" | "green" | "amber" | "red"; messages: { code: string; text: Both; track?: string }[]; looked_ms: number | null }
export interface Recording { state: string; recorded_until_ms?: number | null; now_ms?: number | null; segments?: number; tracks?: Record<string, Track>; alarms?: { code: string; track?: string; from_ms?: number }[] }
export interface Blocked { code: string; about?: string; text: Both }
export interface Answer { id: string; question: Both; by?: string; options: { id: string; label: Both; effect?: string }[]; answer: string | null }
export interface Attestation { clause: string; what: Both; by: string[]; is_made: boolean }
export interface CheckedPoint { id: string; kind: "said" | "answered" | "avoided"; by: string; text: Both; state: "met" | "not_met" | "unknown"; reason: string; why: Both; from_ms: number | null; to_ms: number | null }
export interface StepChecks { state: "none" | "met" | "not_met" | "unknown"; is_whole: boolean; action: string; is_waived: boolean; points: CheckedPoint[] }
export interface LiveChecks { state: "off" | "on" | "away"; on_not_met: string; held_by: string | null; calls_supervisor: boolean; prompts: { code: string; about?: string; text: Both }[] }
export interface Step {
  id: string; no: number; title: Both; kind: string; say: { text: string; lang?: string; texts?: Both }[]; prompt: Both; speaker: string; min_read_ms?: number;
  documents: { id: string; title: Both; is_shown: boolean; is_showing?: boolean }[]; answers: Answer[]; attestations: Attestation[]; left_ms?: number; consents: string[]; clauses: { key: string; citation: string; title: Both }[];
  state: string; attempt: number; from_ms: number | null; to_ms: number | null; can_complete: boolean; blocked_by: Blocked[]; checks: StepChecks;
}
export interface Consent { purpose: string; title: Both; text: Both; version: string; state: string; by?: string; moment?: string; on_refusal?: string; how?: string | null; at_ms?: number | null }
/** A member of an encrypted session: a page by its seat, or a recorder. */
export interface Member { member: string; kind: "seat" | "recorder"; state: "admitted" | "asking" | "away" | "replaced"; public_key: string; fingerprint: string; proof: string; is_given: boolean }
export interface Seat { seat: string; state: string; display?: string; is_you?: boolean; device?: Record<string, unknown> | null }
/** A check of the gate before the start; `next` says what to do where it is not met, or why nobody could look. */
export interface GateCheck { check: string; about: string; state: "met" | "not_met" | "not_evidenced"; text: Both; next: Both }
/** A document that was put into the case. */
export interface Deposit { document: string; signature: "covers_file" | "covers_part" | "none_found"; by: string; at_ms: number }
/** A line of the chat; one that is `to` another seat comes without its text. */
export interface Message { by: string; to?: string; text: string; at_ms: number }
export interface View {
  case: string; number: string; title: string; template: { id: string; version: string; title: Both }; state: string; language: string; profile: string;
  seats: Seat[]; encryption?: { secret: string; members: Member[]; handover: string } | null; check_code?: string | null; script?: { id: string; version: string; digest: string } | null; steps: Step[]; current_step: string | null; next_sentence: Both;
  consents: Consent[]; recording: Recording; health: Health; messages: Message[]; supervisor?: { display: string; is_you: boolean } | null;
  shares: { track: string; kind: string; by: string }[]; allowed: string[]; reason?: string; is_large?: boolean; you?: { seat: string; is_staff: boolean }; gates: { code: string; about?: string; text: Both }[]; gate_checks: GateCheck[]; deposits: Deposit[]; checks: LiveChecks; showing?: { step: string; document: string } | null; now_ms?: number; jobs: { stage: string; done?: number; due?: number; error?: string | null };
  result: { met: number; not_met: number; not_evidenced: number; package_url?: string } | null; version: number;
}

/** What pages may rely on although the server left it out. */
export function complete(raw: Partial<View>): View {
  const view = { ...EMPTY, ...raw } as View;
  view.steps = view.steps.map((step) => ({ ...EMPTY_STEP, ...step }));
  return view;
}

const EMPTY: Partial<View> = { checks: { state: "off", on_not_met: "warn", held_by: null, calls_supervisor: false, prompts: [] }, seats: [], steps: [], consents: [], gates: [], gate_checks: [], deposits: [], messages: [], shares: [], allowed: [], result: null, current_step: null, next_sentence: null,
  recording: { state: "idle" }, health: { level: "none", messages: [], looked_ms: null }, jobs: { stage: "none" }, version: 0, profile: "standard", language: "zh" };
const EMPTY_STEP: Partial<Step> = { checks: { state: "none", is_whole: false, action: "", is_waived: false, points: [] }, say: [], documents: [], answers: [], attestations: [], consents: [], clauses: [], blocked_by: [], attempt: 1, from_ms: null, to_ms: null, can_complete: false };

export type Link = "connecting" | "live" | "lost";

const PATIENCE_MS = 5_000;

/** Keeps a View fresh and tells its listeners. A view older than the last one is dropped: a late answer must not turn back the page. */
export class Session {
  view: View | null = null;
  link: Link = "connecting";
  heardAt = 0;
  /** What an invitation's link carries behind the token in an encrypted session: the secret, which the server must not see. */
  secretLink = "";
  private stream: EventSource | null = null;
  private readonly listeners = new Set<(view: View) => void>();
  private readonly watchers = new Set<(link: Link) => void>();
  private timer = 0;
  private isClosed = false;
  private isAsking = false;

  constructor(readonly ref: string) {}

  onView(listener: (view: View) => void): void { this.listeners.add(listener); if (this.view) listener(this.view); }
  onLink(watcher: (link: Link) => void): void { this.watchers.add(watcher); }

  async open(): Promise<void> {
    await this.refresh();
    this.listen();
    this.timer = window.setInterval(() => this.check(), 2000);
    window.addEventListener("online", () => this.listen());
  }

  close(): void {
    this.isClosed = true;
    this.stream?.close();
    clearInterval(this.timer);
  }

  async refresh(): Promise<void> {
    this.take(await get<Partial<View>>(`${apiOf(this.ref)}/session`, PATIENCE_MS));
  }

  take(raw: Partial<View>): void {
    if (!raw || typeof raw !== "object" || !("steps" in raw || "state" in raw)) return;
    const view = complete(raw);
    if (this.view && view.version < this.view.version) return;
    this.view = view;
    this.heardAt = performance.now();
    for (const listener of this.listeners) listener(view);
  }

  private listen(): void {
    if (this.isClosed) return;
    this.stream?.close();
    const stream = new EventSource(`${apiOf(this.ref)}/stream?as=${encodeURIComponent(capacity())}`);
    this.stream = stream;
    stream.addEventListener("view", (event) => { this.be("live"); this.take(JSON.parse((event as MessageEvent<string>).data) as Partial<View>); });
    stream.addEventListener("end", (event) => {
      stream.close();
      this.be("lost");
      // Somebody goes on in this seat with another device: the server's page says so, and camera and microphone are let go.
      if ((event as MessageEvent<string>).data?.includes("replaced")) location.reload();
      else this.refresh().catch(() => undefined);
    });
    stream.addEventListener("open", () => this.be("live"));
    stream.addEventListener("error", () => this.be("lost"));
  }

  private check(): void {
    if (this.isClosed) return;
    const isSilent = performance.now() - this.heardAt > 6000;
    if (this.stream?.readyState === EventSource.CLOSED || (isSilent && this.link === "lost")) this.listen();
    if (isSilent && !this.isAsking) {
      this.isAsking = true;
      void this.refresh().catch(() => this.be("lost")).finally(() => { this.isAsking = false; });
    }
  }

  private be(link: Link): void {
    if (link === this.link) return;
    this.link = link;
    for (const watcher of this.watchers) watcher(link);
  }
}

export const currentStep = (view: View): Step | null => view.steps.find((step) => step.id === view.current_step) ?? null;
/** The consents of a step that are still to be decided in its present attempt: the door's decision does not stand for them. */
export const undecided = (step: Step): string[] => step.blocked_by.filter((block) => block.code === "consent").map((block) => (block.about ?? "").split("/")[0] ?? "");

export const may = (view: View, what: string): boolean => view.allowed.includes(what);
export const you = (view: View): Seat | undefined => view.seats.find((seat) => seat.is_you);
