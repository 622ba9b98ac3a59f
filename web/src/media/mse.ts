// Plays one role of a sealed session: segments of fragmented MP4 by Media Source Extensions, fetched around the play head only.

import { send } from "../api.ts";

export interface Segment { no: number; from_ms: number; to_ms: number; url: string; has_key_frame?: boolean }
export interface Role { role: string; label?: { zh?: string; en?: string }; mime: string; init: string; has_picture?: boolean; segments: Segment[] }

const AHEAD_MS = 20000;
const BEHIND_MS = 40000;

export class RolePlayer {
  private source: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private have = new Set<number>();
  private isFetching = false;
  private wanted = 0;
  private epoch = 0;
  fault = "";

  constructor(readonly video: HTMLVideoElement, readonly role: Role, readonly durationMs: number, readonly onFault: (fault: string) => void) {}

  static can(role: Role): boolean { return typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(role.mime); }

  async open(): Promise<void> {
    this.source = new MediaSource();
    const opened = new Promise<void>((resolve) => this.source!.addEventListener("sourceopen", () => resolve(), { once: true }));
    this.video.src = URL.createObjectURL(this.source);
    await opened;
    URL.revokeObjectURL(this.video.src);
    this.buffer = this.source.addSourceBuffer(this.role.mime);
    this.buffer.mode = "segments";
    await this.append(await this.load(this.role.init));
    this.source.duration = this.durationMs / 1000;
    this.seek(0);
  }

  /** Where the play head is going to be: what lies around it is fetched, from the key frame before it. */
  seek(ms: number): void {
    this.wanted = ms;
    this.epoch += 1;
    void this.fill();
  }

  tick(): void {
    this.wanted = this.video.currentTime * 1000;
    if (!this.isFetching) void this.fill();
  }

  private next(): Segment | null {
    const at = this.role.segments.findIndex((each) => each.to_ms > this.wanted);
    if (at < 0) return null;
    let begin = at;
    while (begin > 0 && this.role.segments[begin]!.has_key_frame === false && at - begin < 15) begin -= 1;
    for (let place = begin; place < this.role.segments.length; place += 1) {
      const segment = this.role.segments[place]!;
      if (segment.from_ms > this.wanted + AHEAD_MS) return null;
      if (!this.have.has(segment.no)) return segment;
    }
    return null;
  }

  private async fill(): Promise<void> {
    if (this.isFetching || !this.buffer) return;
    this.isFetching = true;
    try {
      for (let segment = this.next(); segment; segment = this.next()) {
        this.have.add(segment.no);
        const bytes = await this.load(segment.url);
        await this.append(bytes);
        await this.drop();
      }
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
      this.onFault(this.fault);
    } finally {
      this.isFetching = false;
    }
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
    for (const segment of this.role.segments) if (segment.from_ms < to * 1000) this.have.delete(segment.no);
  }
}

/** Several videos on one clock: the first leads, the others are nudged, or set right when they are far off. */
export class Ensemble {
  isPlaying = false;
  private timer = 0;
  constructor(readonly players: RolePlayer[], readonly onTime: (ms: number) => void) {
    this.timer = window.setInterval(() => this.keep(), 200);
  }

  get ms(): number { return (this.players[0]?.video.currentTime ?? 0) * 1000; }

  async play(): Promise<void> {
    this.isPlaying = true;
    await Promise.all(this.players.map((player) => player.video.play().catch(() => undefined)));
  }

  pause(): void {
    this.isPlaying = false;
    for (const player of this.players) player.video.pause();
  }

  seek(ms: number): void {
    for (const player of this.players) { player.seek(ms); player.video.currentTime = ms / 1000; }
    this.onTime(ms);
  }

  rate(rate: number): void { for (const player of this.players) player.video.playbackRate = rate; }

  private keep(): void {
    const [lead, ...others] = this.players;
    if (!lead) return;
    for (const player of this.players) player.tick();
    hop(lead.video);
    if (!lead.video.seeking) this.onTime(this.ms);
    for (const other of others) {
      const off = other.video.currentTime - lead.video.currentTime;
      if (Math.abs(off) > 0.35 && !other.video.seeking) other.video.currentTime = lead.video.currentTime;
      else other.video.playbackRate = Math.abs(off) > 0.04 ? lead.video.playbackRate * (off > 0 ? 0.97 : 1.03) : lead.video.playbackRate;
      if (this.isPlaying && other.video.paused && !other.video.ended) void other.video.play().catch(() => undefined);
    }
  }

  close(): void { clearInterval(this.timer); this.pause(); }
}

/** Over a declared gap: nothing is buffered there, so the head is put behind it. */
function hop(video: HTMLVideoElement): void {
  if (video.paused || video.readyState > 2) return;
  const ranges = video.buffered;
  for (let place = 0; place < ranges.length; place += 1) {
    const start = ranges.start(place);
    if (start > video.currentTime && start - video.currentTime < 30 && !within(video)) { video.currentTime = start + 0.01; return; }
  }
}

function within(video: HTMLVideoElement): boolean {
  for (let place = 0; place < video.buffered.length; place += 1) if (video.buffered.start(place) <= video.currentTime && video.buffered.end(place) > video.currentTime + 0.15) return true;
  return false;
}
