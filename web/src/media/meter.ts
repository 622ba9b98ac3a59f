// How loud a stream is, from 0 to 1, and a tone for testing a loudspeaker.

let context: AudioContext | null = null;

/** One audio context for the page; browsers let it sound only after a touch. */
export function sound(): AudioContext {
  context ??= new AudioContext({ latencyHint: "interactive" });
  if (context.state === "suspended") void context.resume();
  return context;
}

export class Meter {
  private readonly analyser: AnalyserNode;
  private readonly source: MediaStreamAudioSourceNode | null;
  private readonly samples: Float32Array<ArrayBuffer>;
  peak = 0;

  constructor(stream: MediaStream) {
    const audio = sound();
    this.analyser = audio.createAnalyser();
    this.analyser.fftSize = 1024;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.source = stream.getAudioTracks().length ? audio.createMediaStreamSource(stream) : null;
    this.source?.connect(this.analyser);
  }

  /** The level now: -60 dB is 0, full scale is 1. */
  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    let square = 0;
    for (const sample of this.samples) square += sample * sample;
    const db = 10 * Math.log10(square / this.samples.length + 1e-9);
    const level = Math.min(1, Math.max(0, (db + 60) / 60));
    this.peak = Math.max(this.peak, level);
    return level;
  }

  close(): void { this.source?.disconnect(); }
}

/** Two friendly tones of half a second. */
export function chime(): void {
  const audio = sound();
  [523.25, 659.25].forEach((hertz, place) => {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    const at = audio.currentTime + place * 0.35;
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.25, at + 0.04);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.55);
  });
}
