// The bundled clips as a camera and a microphone: a face on a canvas that says on its face that it is a sample, and sentences on demand.
// Offered only where the installation allows it, and said in the pre-flight record.

import { headers } from "../api.ts";
import { sound } from "./meter.ts";

export interface Line { id: string; role: string; text: string; en: string }

const ROOM = 0.0013; // about -60 dBFS after the low-pass: an office
// Two tabs of a demonstration encode and decode in software on one machine: no more pixels than the clip has, at a pace that it keeps.
const WIDTH = 640;
const HEIGHT = 360;
const FPS = 15;

export class SampleDevices {
  readonly stream: MediaStream;
  private readonly canvas = document.createElement("canvas");
  private readonly face = document.createElement("video");
  private readonly mix: MediaStreamAudioDestinationNode;
  private readonly clips = new Map<string, AudioBuffer>();
  private playing: AudioBufferSourceNode | null = null;
  isSpeaking = false;
  private timer = 0;
  lines: Line[] = [];

  private constructor(readonly role: "agent" | "customer", readonly label: string) {
    this.canvas.width = WIDTH;
    this.canvas.height = HEIGHT;
    const audio = sound();
    this.mix = audio.createMediaStreamDestination();
    // The noise of a quiet room: a microphone is never digitally silent, and the recorder rightly suspects one that is.
    const noise = audio.createBuffer(1, audio.sampleRate * 4, audio.sampleRate);
    const samples = noise.getChannelData(0);
    let drift = 0;
    for (let place = 0; place < samples.length; place += 1) {
      drift = 0.97 * drift + (Math.random() - 0.5);
      samples[place] = drift * ROOM;
    }
    const room = audio.createBufferSource();
    room.buffer = noise;
    room.loop = true;
    room.connect(this.mix);
    room.start();
    const picture = (this.canvas as HTMLCanvasElement & { captureStream(fps: number): MediaStream }).captureStream(FPS);
    this.stream = new MediaStream([...picture.getVideoTracks(), ...this.mix.stream.getAudioTracks()]);
  }

  static async open(role: string, label: string): Promise<SampleDevices> {
    const made = new SampleDevices(role === "agent" ? "agent" : "customer", label);
    const answer = await fetch("/sample/lines.json", { headers: headers(), credentials: "same-origin" });
    made.lines = answer.ok ? ((await answer.json()) as { lines: Line[] }).lines.filter((line) => line.role === made.role) : [];
    made.face.src = "/sample/faces";
    made.face.muted = made.face.loop = made.face.playsInline = true;
    await made.face.play().catch(() => undefined);
    made.draw();
    made.timer = window.setInterval(() => made.draw(), 1000 / FPS);
    return made;
  }

  private draw(): void {
    const at = this.canvas.getContext("2d");
    if (!at) return;
    const { width, height } = this.canvas;
    at.fillStyle = "#1b2533";
    at.fillRect(0, 0, width, height);
    // The clip shows both faces side by side: the agent's is the left half, the customer's the right.
    const half = this.face.videoWidth / 2;
    if (half) at.drawImage(this.face, this.role === "agent" ? 0 : half, 0, half, this.face.videoHeight, width / 4, 0, width / 2, height);
    at.font = "600 16px sans-serif";
    at.fillStyle = "rgb(10 16 26 / 70%)";
    at.fillRect(12, 12, at.measureText(this.label).width + 20, 26);
    at.fillStyle = "#fff";
    at.fillText(this.label, 22, 31);
  }

  /** Says lines one after the other with a breath between; resolves when all are over. Nothing while something is being said. */
  async sayAll(lines: readonly { id: string }[]): Promise<void> {
    if (this.isSpeaking) return;
    this.isSpeaking = true;
    try {
      for (const line of lines) {
        await this.say(line.id);
        await new Promise((resolve) => setTimeout(resolve, 350));
      }
    } finally {
      this.isSpeaking = false;
    }
  }

  /** Says one of the lines; resolves when it is over. A line that is being said stops. */
  async say(line: string): Promise<void> {
    const audio = sound();
    const clip = this.clips.get(line) ?? (await this.load(line));
    this.playing?.stop();
    const source = audio.createBufferSource();
    source.buffer = clip;
    source.connect(this.mix);
    this.playing = source;
    source.start();
    await new Promise<void>((resolve) => { source.onended = () => resolve(); });
    if (this.playing === source) this.playing = null;
  }

  private async load(line: string): Promise<AudioBuffer> {
    const answer = await fetch(`/sample/voices/${this.role}/${line}`, { headers: headers(), credentials: "same-origin" });
    const clip = await sound().decodeAudioData(await answer.arrayBuffer());
    this.clips.set(line, clip);
    return clip;
  }

  /** The lines whose words are among a step's sentences, in the order in which they are said. */
  linesOf(texts: readonly string[]): Line[] {
    const plain = (text: string): string => text.replace(/[\s\p{P}]/gu, "");
    const wanted = texts.map(plain).join("");
    if (!wanted) return [];
    const found = this.lines.filter((line) => !line.id.startsWith("x") && !line.id.startsWith("en_"))
      .map((line) => ({ line, at: wanted.indexOf(plain(line.text)) })).filter((each) => each.at >= 0);
    found.sort((a, b) => a.at - b.at);
    return found.map((each) => each.line);
  }

  close(): void {
    clearInterval(this.timer);
    this.playing?.stop();
    this.face.pause();
    for (const track of this.stream.getTracks()) track.stop();
  }
}
