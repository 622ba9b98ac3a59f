// One connection to the room by WHIP or WHEP (RFC 9725), which does not give up: ICE restarts when the network was cut, a new connection when
// that fails, with growing pauses between, at once when the browser says that it is online again.

import { Problem, send } from "../api.ts";
import { askForSoundAgain, fragmentOf, iceServersOf } from "./sdp.ts";

export type PeerState = "connecting" | "connected" | "interrupted" | "closed" | "refused";

export interface PeerOptions {
  url: string;
  iceServers: RTCIceServer[];
  onState?: (state: PeerState, reason: string) => void;
  /** Adds transceivers and listens; called again for every new connection. */
  prepare: (peer: RTCPeerConnection) => void | Promise<void>;
  /** After the answer is in place. */
  settled?: (peer: RTCPeerConnection) => void | Promise<void>;
}

const PAUSES_MS = [300, 700, 1500, 2500, 3500]; // after a minute without a network a talk goes on within seconds of its return
const UNSTEADY_MS = 2500; // ICE recovers by itself from a short loss; after this we restart it
const RESTART_MS = 7000; // a restart that has not connected by then is followed by a new connection
const GATHER_MS = 350;
const AT_ONCE_MS = 50;
const SIGNALLING_MS = 6000; // a call that was sent into a cut is given up, or the restart after the cut would wait behind it

export class Peer {
  state: PeerState = "connecting";
  pc: RTCPeerConnection | null = null;
  private location = "";
  private etag = "";
  private tries = 0;
  private timer = 0;
  private watch = 0;
  private isStopped = false;
  private isWorking = false;
  private late: RTCIceCandidate[] = [];
  private readonly online = (): void => { if (this.state === "interrupted") { this.tries = 0; this.later(0); } };
  private readonly leaving = (): void => this.sayGoodbye(true);

  constructor(readonly options: PeerOptions) {}

  async start(): Promise<void> {
    window.addEventListener("online", this.online);
    window.addEventListener("pagehide", this.leaving);
    await this.connect();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    window.removeEventListener("online", this.online);
    window.removeEventListener("pagehide", this.leaving);
    this.sayGoodbye(false);
    this.drop();
    this.be("closed", "");
  }

  private sayGoodbye(keepalive: boolean): void {
    if (!this.location) return;
    void send(this.location, { method: "DELETE", keepalive }).catch(() => undefined);
    this.location = "";
  }

  private drop(): void {
    if (!this.pc) return;
    this.pc.onconnectionstatechange = this.pc.oniceconnectionstatechange = this.pc.onicecandidate = this.pc.ontrack = null;
    this.pc.close();
    this.pc = null;
  }

  private be(state: PeerState, reason: string): void {
    if (state === this.state) return;
    this.state = state;
    this.options.onState?.(state, reason);
  }

  private later(ms?: number): void {
    if (this.isStopped) return;
    clearTimeout(this.timer);
    const pause = ms ?? (PAUSES_MS[Math.min(this.tries, PAUSES_MS.length - 1)]! * (0.8 + Math.random() * 0.4));
    this.tries += 1;
    this.timer = window.setTimeout(() => void this.recover(), pause);
  }

  /** A restart while there is something to restart; a new connection otherwise. */
  private async recover(): Promise<void> {
    if (this.isStopped || this.isWorking) return;
    if (this.pc && this.location && this.pc.connectionState !== "closed" && this.tries <= 3) await this.restart();
    else await this.connect();
  }

  private async connect(): Promise<void> {
    this.isWorking = true;
    this.sayGoodbye(false);
    this.drop();
    const pc = new RTCPeerConnection({ iceServers: this.options.iceServers, bundlePolicy: "max-bundle" });
    this.pc = pc;
    try {
      await this.options.prepare(pc);
      this.follow(pc);
      const offer = await pc.createOffer();
      await pc.setLocalDescription({ type: "offer", sdp: askForSoundAgain(offer.sdp ?? "") });
      await this.gathered(pc);
      const answer = await send(this.options.url, { method: "POST", body: pc.localDescription?.sdp ?? "", headers: { "Content-Type": "application/sdp" } }, SIGNALLING_MS);
      this.location = new URL(answer.headers.get("Location") ?? "", new URL(this.options.url, location.href)).pathname;
      this.etag = answer.headers.get("ETag") ?? "";
      const more = iceServersOf(answer.headers.get("Link"));
      if (more.length) this.options.iceServers = more;
      if (this.isStopped || this.pc !== pc) return;
      await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      await this.options.settled?.(pc);
      await this.sendLate(pc);
      this.expect();
    } catch (error) {
      this.failed(error);
    } finally {
      this.isWorking = false;
    }
  }

  private async restart(): Promise<void> {
    const pc = this.pc!;
    this.isWorking = true;
    try {
      if (pc.signalingState !== "stable") await pc.setLocalDescription({ type: "rollback" }).catch(() => undefined);
      const offer = await pc.createOffer({ iceRestart: true });
      await pc.setLocalDescription({ type: "offer", sdp: askForSoundAgain(offer.sdp ?? "") });
      await this.gathered(pc);
      const answer = await send(this.location, { method: "PUT", body: pc.localDescription?.sdp ?? "", headers: { "Content-Type": "application/sdp" } }, SIGNALLING_MS);
      this.etag = answer.headers.get("ETag") ?? this.etag;
      if (this.isStopped || this.pc !== pc) return;
      await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      this.expect();
    } catch (error) {
      if (error instanceof Problem && (error.status === 404 || error.status === 409 || error.status === 410)) {
        this.location = ""; // the other side knows nothing of this connection any more: a new one, at once
        this.be("interrupted", "");
        this.later(AT_ONCE_MS);
      } else this.failed(error);
    } finally {
      this.isWorking = false;
    }
  }

  private failed(error: unknown): void {
    if (this.isStopped) return;
    const status = error instanceof Problem ? error.status : 0;
    const reason = error instanceof Problem ? error.text : String(error);
    if (status === 401 || status === 403 || status === 410 || status === 422) {
      this.be("refused", reason);
      clearTimeout(this.timer);
      return;
    }
    this.be("interrupted", reason);
    this.later();
  }

  /** Looks again after a while whether what was negotiated has connected. */
  private expect(): void {
    clearTimeout(this.watch);
    this.watch = window.setTimeout(() => {
      if (this.pc && this.pc.connectionState !== "connected" && !this.isStopped) { this.be("interrupted", ""); this.tries = Math.max(this.tries, 4); this.later(0); }
    }, RESTART_MS);
  }

  private follow(pc: RTCPeerConnection): void {
    this.late = [];
    pc.onicecandidate = (event) => { if (event.candidate && this.location) { this.late.push(event.candidate); void this.sendLate(pc); } else if (event.candidate) this.late.push(event.candidate); };
    pc.onconnectionstatechange = () => {
      if (this.pc !== pc) return;
      clearTimeout(this.timer);
      if (pc.connectionState === "connected") { this.tries = 0; clearTimeout(this.watch); this.be("connected", ""); }
      else if (pc.connectionState === "disconnected") { this.be("interrupted", ""); this.timer = window.setTimeout(() => void this.recover(), UNSTEADY_MS); }
      else if (pc.connectionState === "failed") { this.be("interrupted", ""); this.later(0); }
    };
  }

  private gathered(pc: RTCPeerConnection): Promise<void> {
    if (pc.iceGatheringState === "complete") return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => { clearTimeout(timer); pc.removeEventListener("icegatheringstatechange", look); this.late = []; resolve(); };
      const look = (): void => { if (pc.iceGatheringState === "complete") done(); };
      const timer = setTimeout(done, GATHER_MS);
      pc.addEventListener("icegatheringstatechange", look);
    });
  }

  private async sendLate(pc: RTCPeerConnection): Promise<void> {
    const found = this.late;
    if (!found.length || !this.location || pc.signalingState !== "stable") return;
    this.late = [];
    const body = fragmentOf(pc.localDescription?.sdp ?? "", found);
    await send(this.location, { method: "PATCH", body, headers: { "Content-Type": "application/trickle-ice-sdpfrag", ...(this.etag ? { "If-Match": this.etag } : {}) } }, SIGNALLING_MS).catch(() => undefined);
  }
}
