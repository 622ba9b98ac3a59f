// The device test: picture, level of the microphone, a tone for the loudspeaker, the line. Says in words what is wrong and how to put it right.

import { busy, h, icon } from "../dom.ts";
import { browserName, DeviceError, listDevices, missing, openDevices, type DeviceFault } from "../media/devices.ts";
import type { Chosen } from "../media/live.ts";
import { chime, Meter } from "../media/meter.ts";
import { SampleDevices } from "../media/sample.ts";
import { ENOUGH_KBPS, lineKbps } from "../media/line.ts";
import { t } from "../words.ts";

export interface Tested { stream: MediaStream; sample: SampleDevices | null; checks: Record<string, "ok" | "failed" | "skipped">; chosen: Chosen }


export class DeviceTest {
  readonly at = h("div", { class: "devicetest stack" });
  private stream: MediaStream | null = null;
  private sample: SampleDevices | null = null;
  private meter: Meter | null = null;
  private heard: boolean | null = null;
  private kbps = 0;
  private timer = 0;
  private chosen: Chosen = { kind: "devices" };
  private list: HTMLElement = h("ul", { class: "checks" });
  private level = h("progress", { class: "bar level", max: 1, value: 0, "aria-label": t("device.level") });

  constructor(readonly seat: string, readonly hasSamples: boolean, readonly goText: string, readonly done: (tested: Tested) => Promise<void>) {}

  /** Asks for camera and microphone: to be called from a touch, so that the browser's question comes when it is expected. */
  async open(): Promise<void> {
    const lacking = missing();
    if (lacking.length) { this.fault(lacking.includes("https") ? "insecure" : "unsupported", lacking); return; }
    this.at.replaceChildren(h("div", { class: "preview is-empty" }, h("p", null, t("device.allow"))), h("progress", { class: "bar" }));
    try {
      this.use(await openDevices(this.chosen), null);
    } catch (error) {
      this.fault(error instanceof DeviceError ? error.fault : "other");
    }
  }

  async openSample(): Promise<void> {
    this.chosen = { kind: "sample" };
    const sample = await SampleDevices.open(this.seat, t("sample.label"));
    this.use(sample.stream, sample);
  }

  close(): void { clearInterval(this.timer); this.meter?.close(); }

  private use(stream: MediaStream, sample: SampleDevices | null): void {
    this.close();
    if (this.stream && this.stream !== stream) for (const track of this.stream.getTracks()) track.stop();
    this.stream = stream;
    this.sample = sample;
    this.meter = new Meter(stream);
    this.show();
    void this.measure();
    this.timer = window.setInterval(() => { if (this.meter) { this.level.value = this.meter.level(); if (this.meter.peak > 0.25 && !this.at.classList.contains("is-heard")) { this.at.classList.add("is-heard"); this.tell(); } } }, 100);
  }

  private show(): void {
    const preview = h("video", { autoplay: true, muted: true, playsinline: true, class: this.sample ? "" : "mirror", "aria-label": t("device.preview") });
    preview.muted = true;
    preview.srcObject = this.stream;
    void preview.play().catch(() => undefined);
    const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
    const go = h("button", { class: "button main big wide", type: "button", onclick: () => void busy(go, async () => {
      try { await this.finish(); } catch (error) { wrong.hidden = false; wrong.textContent = error instanceof Error ? ("text" in error ? String((error as { text: string }).text) : error.message) : String(error); }
    }) }, this.goText);
    const pickers = h("div", { class: "fields halves" });
    if (!this.sample) void this.pickers(pickers);
    this.at.replaceChildren(
      h("div", { class: "preview" }, preview, this.sample ? h("span", { class: "preview-note" }, t("sample.label")) : null),
      this.list,
      h("div", { class: "row" }, h("button", { class: "button little", type: "button", onclick: () => { chime(); this.heard ??= false; this.tell(true); } }, icon("speaker"), t("device.play"))),
      pickers, wrong, go,
      this.hasSamples ? h("button", { class: "button plain", type: "button", onclick: () => void (this.sample ? this.open_() : this.openSample()) }, icon("flask"), t(this.sample ? "sample.leave" : "sample.use")) : "");
    this.tell();
  }

  private async open_(): Promise<void> { this.chosen = { kind: "devices" }; this.sample?.close(); this.sample = null; await this.open(); }

  private tell(asks = false): void {
    const picture = this.stream?.getVideoTracks()[0];
    const line = (state: "ok" | "care" | "bad", sign: string, text: string, more?: HTMLElement | null): HTMLElement => h("li", { class: state }, icon(sign), h("span", { class: "grow" }, text, more ?? null));
    const size = picture?.getSettings();
    const isLoud = this.at.classList.contains("is-heard");
    this.list.replaceChildren(
      line(picture?.readyState === "live" ? "ok" : "bad", "camera", picture?.readyState === "live" ? t("device.camera_ok", { size: size?.height ? `${size.width ?? 1280}×${size.height}` : "720p" }) : t("device.camera_bad")),
      line(isLoud || this.sample ? "ok" : "care", "mic", this.sample ? t("sample.sound") : isLoud ? t("device.mic_ok") : t("device.mic_speak"), this.level),
      line(this.heard ? "ok" : "care", "speaker", this.heard ? t("device.speaker_ok") : t("device.speaker_ask"), asks && !this.heard ? h("span", { class: "row" },
        h("button", { class: "button little", type: "button", onclick: () => { this.heard = true; this.tell(); } }, t("device.heard")), h("button", { class: "button little", type: "button", onclick: () => { chime(); } }, t("device.again"))) : null),
      line(this.kbps === 0 ? "care" : this.kbps >= ENOUGH_KBPS ? "ok" : "bad", "link", this.kbps === 0 ? t("device.line_testing") : this.kbps >= ENOUGH_KBPS ? t("device.line_ok", { mbps: (this.kbps / 1000).toFixed(1) }) : t("device.line_bad", { mbps: (this.kbps / 1000).toFixed(1) })));
  }

  private async pickers(at: HTMLElement): Promise<void> {
    const all = await listDevices();
    const made = (["videoinput", "audioinput"] as const).map((kind) => {
      const found = all.filter((device) => device.kind === kind && device.deviceId);
      if (found.length < 2) return null;
      const now = this.stream?.getTracks().find((track) => track.kind === (kind === "videoinput" ? "video" : "audio"))?.getSettings().deviceId;
      const select = h("select", { id: `pick-${kind}`, onchange: () => { this.chosen = { ...this.chosen, [kind === "videoinput" ? "camera" : "microphone"]: select.value }; void openDevices(this.chosen).then((stream) => this.use(stream, null), (error: unknown) => this.fault(error instanceof DeviceError ? error.fault : "other")); } },
        found.map((device, place) => h("option", { value: device.deviceId, selected: device.deviceId === now }, device.label || `${place + 1}`)));
      return h("div", { class: "field" }, h("label", { for: `pick-${kind}` }, t(kind === "videoinput" ? "device.camera" : "device.mic")), select);
    });
    at.replaceChildren(...made.filter((each): each is HTMLDivElement => each !== null));
  }

  /** The line, roughly: how fast the page's own code comes, past the cache. One that seems slow is tried again: a busy machine is no slow line. */
  private async measure(): Promise<void> {
    const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.src;
    if (!script) return;
    this.kbps = await lineKbps(async () => (await (await fetch(script, { cache: "reload" })).arrayBuffer()).byteLength, () => performance.now());
    this.tell();
  }

  private async finish(): Promise<void> {
    if (!this.stream) return;
    const isLive = (kind: string): "ok" | "failed" => (this.stream?.getTracks().some((track) => track.kind === kind && track.readyState === "live") ? "ok" : "failed");
    const checks: Tested["checks"] = { camera: isLive("video"), microphone: isLive("audio"), speaker: this.heard ? "ok" : "skipped", network: this.kbps === 0 ? "skipped" : this.kbps >= ENOUGH_KBPS ? "ok" : "failed" };
    if (this.sample) checks["sample_clips"] = "ok";
    await this.done({ stream: this.stream, sample: this.sample, checks, chosen: this.chosen });
    this.close();
  }

  private fault(fault: DeviceFault, lacking: string[] = []): void {
    this.at.replaceChildren(h("div", { class: "preview is-empty" }, icon("camera")),
      h("div", { class: "stack-small", role: "alert" }, h("h2", null, t(`fault.${fault}`)), h("p", null, t(`fault.${fault}_text`)), lacking.length ? h("p", { class: "note mono" }, lacking.join(", ")) : null,
        fault === "denied" ? h("div", { class: "says care" }, h("h3", null, t("fault.how")), h("p", null, t(`fault.how_${browserName()}`))) : null),
      fault === "unsupported" || fault === "insecure" ? "" : h("button", { class: "button main big wide", type: "button", onclick: () => void this.open() }, t("fault.retry")),
      this.hasSamples ? h("button", { class: "button", type: "button", onclick: () => void this.openSample() }, icon("flask"), t("sample.use")) : "");
  }
}
