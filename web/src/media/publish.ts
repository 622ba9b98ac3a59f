// Sends one feed: a person's camera and microphone, or a share. Tracks may be exchanged while it runs; the connection stays.

import { apiOf } from "../api.ts";
import { Peer, type PeerState } from "./peer.ts";
import { preferred } from "./sdp.ts";
import { encryptSender } from "./sframe.ts";

export interface PublishOptions {
  ref: string;
  feed: string;
  stream: MediaStream;
  iceServers: RTCIceServer[];
  hint: "motion" | "detail" | "text";
  kbps: number;
  isEncrypted?: boolean;
  onState?: (state: PeerState, reason: string) => void;
}

export class Publisher {
  private readonly peer: Peer;
  private senders: { audio?: RTCRtpSender; video?: RTCRtpSender } = {};
  private stream: MediaStream;

  constructor(readonly options: PublishOptions) {
    this.stream = options.stream;
    this.peer = new Peer({
      url: `${apiOf(options.ref)}/feeds/${encodeURIComponent(options.feed)}`,
      iceServers: options.iceServers,
      onState: (state, reason) => options.onState?.(state, reason),
      prepare: (pc) => this.prepare(pc),
      settled: () => this.tune(),
    });
  }

  get state(): PeerState { return this.peer.state; }
  get pc(): RTCPeerConnection | null { return this.peer.pc; }
  start(): Promise<void> { return this.peer.start(); }
  stop(): Promise<void> { return this.peer.stop(); }

  private prepare(pc: RTCPeerConnection): void {
    this.senders = {};
    for (const kind of ["audio", "video"] as const) {
      const track = this.stream.getTracks().find((each) => each.kind === kind);
      if (!track) continue;
      if (kind === "video" && "contentHint" in track) track.contentHint = this.options.hint;
      const transceiver = pc.addTransceiver(track, { direction: "sendonly", streams: [this.stream] });
      const known = RTCRtpSender.getCapabilities(kind)?.codecs ?? [];
      const wanted = kind === "audio" ? preferred(known, ["opus"]) : preferred(known, this.options.isEncrypted ? ["vp8"] : ["h264", "vp8"]);
      if (wanted.length && "setCodecPreferences" in transceiver) transceiver.setCodecPreferences(wanted);
      this.senders[kind] = transceiver.sender;
      if (this.options.isEncrypted) encryptSender(transceiver.sender, this.options.feed, kind);
    }
  }

  /** 720p stays 720p: fewer frames are better evidence than a face of forty pixels. */
  private async tune(): Promise<void> {
    const sender = this.senders.video;
    if (!sender) return;
    const parameters = sender.getParameters() as RTCRtpSendParameters & { degradationPreference?: string };
    parameters.degradationPreference = "maintain-resolution";
    for (const encoding of parameters.encodings ?? []) {
      encoding.maxBitrate = this.options.kbps * 1000;
      encoding.maxFramerate = this.options.hint === "motion" ? 25 : 15;
    }
    await sender.setParameters(parameters).catch(() => undefined);
  }

  /** Another camera, another microphone, or the sample: without a new connection. */
  async exchange(stream: MediaStream): Promise<void> {
    this.stream = stream;
    for (const kind of ["audio", "video"] as const) {
      const track = stream.getTracks().find((each) => each.kind === kind) ?? null;
      if (track && kind === "video" && "contentHint" in track) track.contentHint = this.options.hint;
      await this.senders[kind]?.replaceTrack(track);
    }
  }
}
