// Receives one feed. The stream object stays the same over reconnections, so that a video element need not be touched.

import { apiOf } from "../api.ts";
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

export class Watcher {
  readonly stream = new MediaStream();
  private readonly peer: Peer;

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
  start(): Promise<void> { return this.peer.start(); }

  async stop(): Promise<void> {
    await this.peer.stop();
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
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
