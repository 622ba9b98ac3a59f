// Everything that a person sends and sees in a session: their own feed, the feeds of the others, shares. Follows the view.

import { h } from "../dom.ts";
import type { View } from "../session.ts";
import { t } from "../words.ts";
import { openDevices, WakeLock } from "./devices.ts";
import type { PeerState } from "./peer.ts";
import { Publisher } from "./publish.ts";
import { SampleDevices } from "./sample.ts";
import { shut } from "./share.ts";
import { Watcher } from "./watch.ts";

/** Whether frames are sealed: `waiting` and `refused` mean that nothing may be sent or watched. */
export interface Sealing { readonly lock: "off" | "waiting" | "on" | "refused" }
export interface Chosen { kind: "devices" | "sample"; camera?: string; microphone?: string }
export interface Tile { feed: string; watcher: Watcher; video: HTMLVideoElement; box: HTMLElement }

const KBPS = 2200;
const KBPS_SHARED = 2500;

export class LiveMedia {
  own: MediaStream | null = null;
  sample: SampleDevices | null = null;
  publisher: Publisher | null = null;
  share: { publisher: Publisher; stream: MediaStream; track: string } | null = null;
  state: PeerState = "connecting";
  reason = "";
  readonly tiles = new Map<string, Tile>();
  private readonly wake = new WakeLock();
  private needsTouch = false;
  sealing: Sealing = { lock: "off" };

  constructor(readonly ref: string, readonly iceServers: RTCIceServer[], readonly onChange: () => void) {
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.replug());
    document.addEventListener("pointerdown", () => { if (this.needsTouch) { this.needsTouch = false; for (const tile of this.tiles.values()) void tile.video.play().catch(() => undefined); } });
  }

  private get storage(): string { return `jianlu-devices:${this.ref}`; }

  remember(chosen: Chosen): void { sessionStorage.setItem(this.storage, JSON.stringify(chosen)); }
  remembered(): Chosen | null { try { return JSON.parse(sessionStorage.getItem(this.storage) ?? "null") as Chosen | null; } catch { return null; } }

  /** Opens what was chosen before a reload, without asking again. */
  async reopen(seat: string, label: string): Promise<boolean> {
    const chosen = this.remembered();
    if (!chosen) return false;
    try {
      if (chosen.kind === "sample") {
        this.sample = await SampleDevices.open(seat, label);
        this.own = this.sample.stream;
      } else this.own = await openDevices(chosen);
      return true;
    } catch {
      return false;
    }
  }

  private get mayFlow(): boolean { return this.sealing.lock === "off" || this.sealing.lock === "on"; }
  private get isEncrypted(): boolean { return this.sealing.lock === "on"; }

  async publish(seat: string): Promise<void> {
    if (!this.own || this.publisher || !this.mayFlow) return; // with a secret that is still to come, `follow` begins to send
    this.publisher = new Publisher({ ref: this.ref, feed: seat, stream: this.own, isEncrypted: this.isEncrypted, iceServers: this.iceServers, hint: "motion", kbps: KBPS,
      onState: (state, reason) => { this.state = state; this.reason = reason; this.onChange(); } });
    await this.wake.on();
    await this.publisher.start();
  }

  async exchange(stream: MediaStream): Promise<void> {
    this.own = stream;
    await this.publisher?.exchange(stream);
    this.onChange();
  }

  mute(kind: "audio" | "video", isOn: boolean): void {
    for (const track of this.own?.getTracks() ?? []) if (track.kind === kind) track.enabled = isOn;
    this.onChange();
  }

  isOn(kind: "audio" | "video"): boolean { return this.own?.getTracks().some((track) => track.kind === kind && track.enabled && track.readyState === "live") ?? false; }

  /** Watches who is there and what is shared; lets go of the rest. */
  follow(view: View, seat: string): void {
    const isOver = ["ended", "sealed", "refused", "halted"].includes(view.state);
    const wanted = new Map<string, boolean>();
    if (!isOver && seat && this.isEncrypted && this.own && !this.publisher) void this.publish(seat);
    if (!isOver && seat && this.mayFlow) {
      for (const each of view.seats) if (each.seat !== seat && !["empty", "invited"].includes(each.state)) wanted.set(each.seat, true);
      for (const share of view.shares) if (share.track !== this.share?.track) wanted.set(share.track, false);
    }
    let changed = false;
    for (const [feed, tile] of this.tiles) if (!wanted.has(feed)) { void tile.watcher.stop(); tile.box.remove(); this.tiles.delete(feed); changed = true; }
    for (const [feed, hasSound] of wanted) if (!this.tiles.has(feed)) { this.tiles.set(feed, this.watch(feed, hasSound)); changed = true; }
    if (this.share && !view.shares.some((share) => share.track === this.share?.track) && view.state === "live" && performance.now() - this.sharedAt > 4000) this.dropShare();
    if (isOver) this.close();
    if (changed) this.onChange();
  }

  private sharedAt = 0;

  private watch(feed: string, hasSound: boolean): Tile {
    const video = h("video", { autoplay: true, playsinline: true, "aria-label": t("media.picture_of", { who: t(`seat.${feed.replace("-screen", "")}`) }) });
    const box = h("div", { class: `tile${feed.endsWith("-screen") ? " is-share" : ""}`, "data-feed": feed }, video, h("span", { class: "tile-wait" }, t("media.waiting")));
    const watcher = new Watcher({ ref: this.ref, feed, iceServers: this.iceServers, hasSound, isEncrypted: this.isEncrypted, onState: (state) => { box.dataset["state"] = state; this.onChange(); } });
    video.srcObject = watcher.stream;
    video.addEventListener("playing", () => box.classList.add("is-playing"));
    watcher.stream.addEventListener("addtrack", () => void video.play().catch(() => undefined));
    const play = (): void => { void video.play().catch((error: unknown) => { if (error instanceof DOMException && error.name === "NotAllowedError") { this.needsTouch = true; box.classList.add("needs-touch"); } }); };
    video.addEventListener("loadedmetadata", play);
    void watcher.start();
    return { feed, watcher, video, box };
  }

  async startShare(track: string, stream: MediaStream, hint: "detail" | "text"): Promise<void> {
    this.sharedAt = performance.now();
    const publisher = new Publisher({ ref: this.ref, feed: track, stream, iceServers: this.iceServers, hint, kbps: KBPS_SHARED, isEncrypted: this.isEncrypted });
    this.share = { publisher, stream, track };
    await publisher.start();
    this.onChange();
  }

  dropShare(): void {
    const share = this.share;
    if (!share) return;
    // Forgotten first: its stream says that it ended while it is shut, and whoever hears that drops the share.
    this.share = null;
    void share.publisher.stop();
    shut(share.stream);
    this.onChange();
  }

  /** A camera or microphone was unplugged: another one takes its place, if there is one. */
  private async replug(): Promise<void> {
    if (!this.own || this.sample || !this.publisher) return;
    if (this.own.getTracks().every((track) => track.readyState === "live")) return;
    try {
      const fresh = await openDevices();
      const old = this.own;
      await this.exchange(fresh);
      for (const track of old.getTracks()) track.stop();
    } catch { this.onChange(); }
  }

  close(): void {
    this.dropShare();
    void this.publisher?.stop();
    this.publisher = null;
    this.wake.off();
    for (const track of this.own?.getTracks() ?? []) track.stop();
    this.sample?.close();
    this.sample = null;
    this.own = null;
    sessionStorage.removeItem(this.storage);
  }
}
