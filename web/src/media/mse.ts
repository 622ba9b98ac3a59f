// Plays one role of a sealed session: segments of fragmented MP4 by Media Source Extensions, fetched around the play head only.

import { Problem, send } from "../api.ts";
import { clock } from "../words.ts";
import { aimOf, isBlank, moveOf, type Standing } from "./head.ts";

export interface Segment { no: number; from_ms: number; to_ms: number; url: string; has_key_frame?: boolean }
export interface Role { role: string; label?: { zh?: string; en?: string }; mime: string; init: string; has_picture?: boolean; segments: Segment[] }

const AHEAD_MS = 20000;
const BEHIND_MS = 40000;
const DAMAGED_MAX = 50;
const RETRY_MS = 3000;
const GAP_SEEN_MS = 1500;
const EDGE_MS = 120; // the last frames of a stretch: a head that is there has as good as left it

export class RolePlayer {
  private buffer: SourceBuffer | null = null;
  private have = new Set<number>();
  /** Segments that are in the buffer, or hold nothing of this role. */
  private done = new Set<number>();
  private readonly damaged = new Set<number>();
  private epoch = 0;
  private isFetching = false;
  private wanted = 0;
  private retryAt = 0;
  private isBroken = false;
  private fault = "";

  constructor(readonly video: HTMLVideoElement, readonly role: Role, readonly durationMs: number, readonly onFault: (fault: string) => void) {
    video.addEventListener("error", () => void this.leaveOut());
  }

  private async leaveOut(): Promise<void> {
    // The decoder is ahead of what is shown; Chromium says which frame it was.
    const told = /timestamp=(\d+)/.exec(this.video.error?.message ?? "")?.[1];
    const at = told ? Number(told) / 1000 : this.video.currentTime * 1000 + EDGE_MS;
    const damaged = this.role.segments.find((each) => each.to_ms > at && !this.damaged.has(each.no));
    this.tell(`${clock(at)} ${this.video.error?.message ?? ""}`);
    if (!damaged || this.damaged.size >= DAMAGED_MAX) { this.isBroken = true; return; }
    this.damaged.add(damaged.no);
    this.done.add(damaged.no);
    await this.open();
  }

  static can(role: Role): boolean { return typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(role.mime); }

  /** Opens the role, and again after a frame that the browser could not decode: what holds it is left out, the rest is played. */
  async open(): Promise<void> {
    const epoch = (this.epoch += 1);
    this.buffer = null;
    this.have.clear();
    for (const no of this.done) if (!this.damaged.has(no)) this.done.delete(no);
    try {
      const source = new MediaSource();
      const opened = new Promise<void>((resolve) => source.addEventListener("sourceopen", () => resolve(), { once: true }));
      this.video.src = URL.createObjectURL(source);
      await opened;
      URL.revokeObjectURL(this.video.src);
      const buffer = source.addSourceBuffer(this.role.mime);
      buffer.mode = "segments";
      this.isFetching = true;
      const init = await this.load(this.role.init);
      if (epoch !== this.epoch) return;
      this.buffer = buffer;
      await this.append(init);
      source.duration = this.durationMs / 1000;
    } catch (error) {
      if (epoch !== this.epoch) return;
      this.isBroken = true;
      this.tell(error instanceof Problem ? error.text : error instanceof Error ? error.message : String(error));
      return;
    } finally {
      if (epoch === this.epoch) this.isFetching = false;
    }
    await this.fill();
  }

  /** Where the head is: what lies around it is fetched, from the key frame before it. */
  want(ms: number): void {
    this.wanted = ms;
    if (!this.isFetching) void this.fill();
  }

  /** What is known of this role at an instant. */
  standing(ms: number): Standing {
    const ranges = this.ranges();
    const holds = !this.isBroken && ranges.some(([from, to]) => from <= ms && ms < to - EDGE_MS);
    const here = this.role.segments.find((each) => each.from_ms <= ms && ms < each.to_ms);
    const isSettled = this.isBroken || (this.buffer !== null && (!here || this.done.has(here.no)));
    return { holds, isSettled, next: this.next_ms(ms, ranges) };
  }

  /** Whether there is nothing of this role to see at an instant. */
  isBlank(ms: number, standing: Standing): boolean {
    const before = this.ranges().map(([, to]) => to).filter((to) => to <= ms + EDGE_MS);
    return isBlank(standing, ms, before.length ? Math.max(...before) : null);
  }

  private ranges(): [number, number][] {
    const found = this.video.buffered;
    return Array.from({ length: found.length }, (_, place) => [found.start(place) * 1000, found.end(place) * 1000]);
  }

  private next_ms(ms: number, ranges: readonly [number, number][]): number | null {
    const buffered = ranges.map(([from]) => from).filter((from) => from > ms);
    const fetchable = this.role.segments.filter((each) => each.from_ms > ms && !this.done.has(each.no)).map((each) => each.from_ms);
    const all = [...buffered, ...fetchable];
    return all.length ? Math.min(...all) : null;
  }

  private next(): Segment | null {
    const at = this.role.segments.findIndex((each) => each.to_ms > this.wanted);
    if (at < 0) return null;
    let begin = at;
    while (begin > 0 && this.role.segments[begin]!.has_key_frame === false && at - begin < 15) begin -= 1;
    for (let place = begin; place < this.role.segments.length; place += 1) {
      const segment = this.role.segments[place]!;
      if (segment.from_ms > this.wanted + AHEAD_MS) return null;
      if (!this.have.has(segment.no) && !this.damaged.has(segment.no)) return segment;
    }
    return null;
  }

  private async fill(): Promise<void> {
    if (this.isFetching || this.isBroken || !this.buffer || performance.now() < this.retryAt) return;
    this.isFetching = true;
    const epoch = this.epoch;
    let tried: Segment | null = null;
    try {
      for (tried = this.next(); tried; tried = this.next()) {
        this.have.add(tried.no);
        const bytes = await this.load(tried.url);
        if (epoch !== this.epoch) return;
        if (bytes.byteLength) await this.append(bytes);
        this.done.add(tried.no);
        if (this.fault && !this.damaged.size) this.tell("");
        await this.drop();
      }
    } catch (error) {
      if (epoch !== this.epoch) return;
      // What could not be fetched is asked for again in a while; what the browser cannot take is left out.
      if (tried) (error instanceof Problem ? this.have.delete(tried.no) : this.done.add(tried.no));
      this.retryAt = performance.now() + RETRY_MS;
      this.tell(error instanceof Problem ? error.text : error instanceof Error ? error.message : String(error));
    } finally {
      if (epoch === this.epoch) this.isFetching = false;
    }
  }

  private tell(fault: string): void {
    this.fault = fault;
    this.onFault(fault);
  }

  private async load(url: string): Promise<ArrayBuffer> { return (await send(url, { cache: "default" })).arrayBuffer(); }

  private async append(bytes: ArrayBuffer): Promise<void> {
    const buffer = this.buffer!;
    for (let tries = 0; ; tries += 1) {
      try {
        await new Promise<void>((resolve, reject) => {
          buffer.addEventListener("updateend", () => resolve(), { once: true });
          buffer.addEventListener("error", () => reject(new Error("append")), { once: true });
          buffer.appendBuffer(bytes);
        });
        return;
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== "QuotaExceededError" || tries > 2) throw error;
        await this.remove(0, Math.max(0, this.wanted / 1000 - 5));
      }
    }
  }

  private async drop(): Promise<void> {
    const until = (this.wanted - BEHIND_MS) / 1000;
    if (until <= 0 || !this.video.buffered.length || this.video.buffered.start(0) >= until) return;
    await this.remove(0, until);
  }

  private async remove(from: number, to: number): Promise<void> {
    if (to <= from || !this.buffer) return;
    await new Promise<void>((resolve) => { this.buffer!.addEventListener("updateend", () => resolve(), { once: true }); this.buffer!.remove(from, to); });
    for (const segment of this.role.segments) if (segment.from_ms < to * 1000) { this.have.delete(segment.no); this.done.delete(segment.no); }
  }
}

/** Several videos on one clock. Whoever has media at the head leads; the others are nudged, or set right when they are far off. */
export class Ensemble {
  isPlaying = false;
  ms = 0;
  private lead = 0;
  private speed = 1;
  private shownAt = 0;
  private readonly timer: number;

  constructor(readonly players: RolePlayer[], readonly durationMs: number, readonly onTime: (ms: number, blank: readonly boolean[]) => void, readonly onEnd: () => void) {
    this.timer = window.setInterval(() => this.keep(), 100);
  }

  play(): void {
    if (this.ms >= this.durationMs - EDGE_MS) this.seek(0);
    this.isPlaying = true;
    this.keep();
  }

  pause(): void {
    const led = this.players[this.lead]?.video;
    if (this.isPlaying && led && !led.paused && !led.seeking) this.ms = Math.max(this.ms, led.currentTime * 1000);
    this.isPlaying = false;
    for (const player of this.players) player.video.pause();
  }

  seek(ms: number): void {
    this.ms = Math.min(Math.max(0, ms), this.durationMs);
    this.shownAt = 0;
    for (const player of this.players) { player.want(this.ms); player.video.currentTime = this.ms / 1000; }
    this.keep();
  }

  rate(rate: number): void { this.speed = rate; }

  private keep(): void {
    for (const player of this.players) player.want(this.ms);
    const led = this.players[this.lead];
    if (this.isPlaying && led && !led.video.seeking && led.standing(this.ms).holds) this.ms = Math.max(this.ms, led.video.currentTime * 1000);
    const standings = this.players.map((player) => player.standing(this.ms));
    if (this.isPlaying) this.move(standings);
    else this.players.forEach(({ video }, place) => { const aim = aimOf(standings[place]!, this.ms) / 1000; if (Math.abs(video.currentTime - aim) > 0.02) video.currentTime = aim; });
    this.onTime(this.ms, this.players.map((player, place) => player.isBlank(this.ms, standings[place]!)));
  }

  private move(standings: readonly Standing[]): void {
    const next = moveOf(standings, this.lead);
    if (next.kind === "follow") { this.lead = next.lead; this.shownAt = 0; this.follow(standings); return; }
    for (const player of this.players) player.video.pause();
    if (next.kind === "end") { this.ms = this.durationMs; this.pause(); this.onEnd(); return; }
    if (next.kind === "wait") return;
    // A long gap is shown for a moment before the head goes on behind it: nobody is to miss that something is missing.
    this.shownAt ||= performance.now();
    if (next.to - this.ms < GAP_SEEN_MS || performance.now() - this.shownAt > GAP_SEEN_MS) this.seek(next.to + 1);
  }

  private follow(standings: readonly Standing[]): void {
    this.players.forEach(({ video }, place) => {
      if (!standings[place]!.holds) { video.pause(); return; }
      const off = video.currentTime - this.ms / 1000;
      const isLead = place === this.lead;
      if (Math.abs(off) > 0.35 && !video.seeking) video.currentTime = this.ms / 1000;
      const rate = isLead || Math.abs(off) <= 0.04 ? this.speed : this.speed * (off > 0 ? 0.97 : 1.03);
      if (video.playbackRate !== rate) video.playbackRate = rate;
      if (video.paused) void video.play().catch(() => undefined);
    });
  }

  close(): void { clearInterval(this.timer); this.pause(); }
}
