// Receives one feed. The stream object stays the same over reconnections, so that a video element need not be touched.

import { apiOf } from "../api.ts";
import { Patience } from "./patience.ts";
import { Peer, type PeerState } from "./peer.ts";
import { decryptReceiver } from "./sframe.ts";

export interface WatchOptions {
  ref: string;
  feed: string;
  iceServers: RTCIceServer[];
  hasSound: boolean;
  isEncrypted?: boolean;
  onState?: (state: PeerState, reason: string) => void;
}

const LOOK_MS = 1000;

export class Watcher {
  readonly stream = new MediaStream();
  private readonly peer: Peer;
  private readonly patience = new Patience();
  private timer = 0;

  constructor(readonly options: WatchOptions) {
    this.peer = new Peer({
      url: `${apiOf(options.ref)}/viewers/${encodeURIComponent(options.feed)}`,
      iceServers: options.iceServers,
      onState: (state, reason) => options.onState?.(state, reason),
      prepare: (pc) => this.prepare(pc),
    });
  }

  get state(): PeerState { return this.peer.state; }
  get pc(): RTCPeerConnection | null { return this.peer.pc; }

  start(): Promise<void> {
    if (this.options.hasSound) this.timer = window.setInterval(() => void this.listen().catch(() => undefined), LOOK_MS);
    return this.peer.start();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.peer.stop();
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
  }

  /** Gives lost sound the time to be sent again, while it is needed; pictures wait for their sound. */
  private async listen(): Promise<void> {
    const receiver = this.pc?.getReceivers().find((each) => each.track.kind === "audio") as (RTCRtpReceiver & { jitterBufferTarget?: number | null }) | undefined;
    if (!receiver) return;
    for (const report of (await receiver.getStats()).values() as Iterable<Record<string, number | string>>) {
      if (report["type"] !== "inbound-rtp") continue;
      const madeUp = Number(report["concealedSamples"] ?? 0) - Number(report["silentConcealedSamples"] ?? 0);
      const target = this.patience.look(madeUp, Number(report["totalSamplesReceived"] ?? 0));
      if ((receiver.jitterBufferTarget ?? null) !== target) receiver.jitterBufferTarget = target;
    }
  }

  private prepare(pc: RTCPeerConnection): void {
    for (const kind of this.options.hasSound ? (["audio", "video"] as const) : (["video"] as const)) {
      const transceiver = pc.addTransceiver(kind, { direction: "recvonly" });
      if (this.options.isEncrypted) decryptReceiver(transceiver.receiver, this.options.feed, kind);
    }
    pc.ontrack = (event) => {
      for (const old of this.stream.getTracks()) if (old.kind === event.track.kind) this.stream.removeTrack(old);
      this.stream.addTrack(event.track);
    };
  }
}
