// Pieces that the agent's and the customer's page share: the recording's state, chat, share controls, tiles.

import { apiOf, post, Problem } from "../api.ts";
import { ask, h, icon, toast } from "../dom.ts";
import { DeviceError } from "../media/devices.ts";
import type { LiveMedia } from "../media/live.ts";
import { openBoard, openPicture, openScreen, shut } from "../media/share.ts";
import type { Message, View } from "../session.ts";
import { clock, t, tr } from "../words.ts";
import type { Acts } from "./acts.ts";
import { isUnrecorded } from "./health.ts";

/** What is recorded, up to which second: words first, colour second. Without a line to the service it is what was known last, and says so. */
export function recordingBadge(view: View, isStale: boolean): HTMLElement {
  const recording = view.recording;
  const sealed = recording.recorded_until_ms ?? 0;
  if (isStale) return h("div", { class: "rec is-stale" }, h("span", { class: "badge care" }, t("rec.last", { state: recordingWord(view) })), sealed ? h("span", { class: "rec-time" }, h("small", null, t("rec.sealed", { time: clock(sealed) }))) : null);
  const isOn = recording.state === "recording";
  const looks = isUnrecorded(view) ? "care" : isOn ? "bad live" : recording.state === "stalled" || view.state === "halted" ? "bad" : "";
  return h("div", { class: "rec" }, h("span", { class: `badge ${looks}` }, recordingWord(view)),
    isOn || recording.state === "stalled" || view.state === "paused" ? h("span", { class: "rec-time" }, h("b", null, clock(recording.now_ms ?? view.now_ms ?? 0)), h("small", null, t("rec.sealed", { time: clock(sealed) }))) : null);
}

export const recordingWord = (view: View): string => (isUnrecorded(view) ? t("rec.paused") : t(`rec.${view.recording.state}`));

/** Tells those who listen when the recording begins, stalls, pauses and ends; its clock, which changes each second, is not told. */
export class Herald {
  readonly at = h("p", { class: "only-heard", role: "status" });
  tell(word: string): void { if (this.at.textContent !== word) this.at.textContent = word; }
}

/** Says what changed since the last view and must not be missed: what was written, what was refused or withdrawn. */
export class News {
  private before: View | null = null;

  follow(view: View, seat: string, isReading: boolean): void {
    const before = this.before;
    this.before = view;
    if (!before) return;
    if (!isReading) for (const message of view.messages.slice(before.messages.length)) if (message.by !== seat) toast(message.to && !message.text ? t("advice.told", { who: nameOf(view, message) }) : `${nameOf(view, message)}: ${message.text}`);
    for (const each of view.consents) {
      const earlier = before.consents.find((one) => one.purpose === each.purpose && one.by === each.by);
      if (earlier && earlier.state !== each.state && (each.state === "withdrawn" || each.state === "refused") && each.by !== seat) toast(t("consent.news", { what: tr(each.title), state: t(`consent.${each.state}`) }), { isBad: true });
    }
  }
}

/** Purposes whose consent was taken back, as long as that stands. */
export function withdrawnNote(view: View): HTMLElement | null {
  const gone = view.consents.filter((each) => each.state === "withdrawn");
  return gone.length ? h("div", { class: "says care" }, t("consent.gone"), " ", gone.map((each) => tr(each.title)).join(" · ")) : null;
}

export function healthNote(view: View): HTMLElement | null {
  if (!view.health.messages.length) return null;
  return h("div", { class: `says ${view.health.level === "red" ? "bad" : "care"}`, role: "alert" }, h("ul", null, view.health.messages.map((each) => h("li", null, tr(each.text)))));
}

/** Who wrote it: a supervisor is named, since everybody is to know who advises. */
const nameOf = (view: View, message: Message): string => [t(`seat.${message.by}`), message.by === "supervisor" ? view.supervisor?.display : ""].filter(Boolean).join(" ");

export function chat(view: View, acts: Acts, seat: string): { list: HTMLElement; form: HTMLElement } {
  const list = h("ol", { class: "chat-list", tabindex: 0, "aria-label": t("chat.title") });
  const input = h("input", { name: "text", maxlength: 2000, autocomplete: "off", "aria-label": t("chat.write"), placeholder: t("chat.write"), "data-key": "chat" });
  const form = h("form", { class: "chat-form" }, input, h("button", { class: "button little" }, t("chat.send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text) void acts.do("messages", { text }).then((isDone) => { if (isDone) input.value = ""; });
  });
  fillChat(list, view, seat);
  return { list, form };
}

export function fillChat(list: HTMLElement, view: View, seat: string): void {
  if (list.dataset["count"] === String(view.messages.length)) return;
  list.dataset["count"] = String(view.messages.length);
  list.replaceChildren(...(view.messages.length ? view.messages.map((message) => h("li", { class: message.by === seat ? "is-mine" : "" }, h("small", null, `${nameOf(view, message)} · ${clock(message.at_ms)}${message.to ? ` · ${t("advice.to", { who: t(`seat.${message.to}`) })}` : ""}`), h("span", { class: message.to && !message.text ? "soft" : "" }, message.text || t("advice.hidden")))) : [h("li", { class: "soft small is-none" }, t("chat.none"))]));
  list.scrollTop = list.scrollHeight;
}

/** Camera and microphone of one's own: on, off. Off is recorded as off, and says so. */
export function ownControls(media: LiveMedia): HTMLElement[] {
  const make = (kind: "audio" | "video"): HTMLButtonElement => {
    const isOn = media.isOn(kind);
    return h("button", { class: `round ${isOn ? "" : "is-off"}`, type: "button", "data-key": `own-${kind}`, "aria-pressed": String(!isOn), title: t(isOn ? `own.${kind}_off` : `own.${kind}_on`), "aria-label": t(isOn ? `own.${kind}_off` : `own.${kind}_on`), onclick: () => media.mute(kind, !isOn) }, icon(kind === "audio" ? (isOn ? "mic" : "micoff") : "camera"));
  };
  return media.own ? [make("audio"), make("video")] : [];
}

/** Share a screen, a picture of a document, a whiteboard. */
export async function share(kind: "screen" | "document" | "whiteboard", acts: Acts, media: LiveMedia, place: HTMLElement): Promise<void> {
  let stream: MediaStream | null = null;
  try {
    let canvas: HTMLCanvasElement | null = null;
    let wipe: (() => void) | null = null;
    if (kind === "screen") stream = await openScreen();
    else if (kind === "whiteboard") ({ stream, canvas, wipe } = openBoard());
    else {
      const input = h("input", { type: "file", name: "file", accept: "image/*", required: true, id: "share-file" });
      const said = await ask({ title: t("share.document"), text: t("share.document_text"), go: t("share.go"), fields: [h("div", { class: "field" }, h("label", { for: "share-file" }, t("share.file")), input)] }, t("cancel"));
      const file = said?.get("file");
      if (!(file instanceof File) || !file.size) return;
      ({ stream, canvas } = await openPicture(file));
    }
    const made = await post<{ track: string }>(`${apiOf(acts.session.ref)}/shares`, { kind });
    stream.getVideoTracks()[0]?.addEventListener("ended", () => { if (media.share?.stream === stream) void endShare(acts, media, place); });
    if (canvas) {
      place.replaceChildren(h("div", { class: "board-box" }, canvas, h("div", { class: "row" }, wipe ? h("button", { class: "button little", type: "button", onclick: wipe }, t("share.wipe")) : null)));
      place.hidden = false;
      place.scrollIntoView({ block: "nearest" });
    }
    await media.startShare(made.track, stream, kind === "screen" ? "detail" : "text");
    await acts.session.refresh();
  } catch (error) {
    if (stream) shut(stream);
    if (error instanceof DeviceError && error.fault === "denied") return;
    toast(error instanceof Problem ? error.text : error instanceof DeviceError ? t(`share.fault_${error.fault === "unsupported" ? "unsupported" : "other"}`) : String(error), { isBad: true });
  }
}

export async function endShare(acts: Acts, media: LiveMedia, place: HTMLElement): Promise<void> {
  const track = media.share?.track;
  media.dropShare();
  place.replaceChildren();
  place.hidden = true;
  if (track) await acts.do(`shares/${encodeURIComponent(track)}`, undefined, "DELETE");
}

/** Puts the tiles of others where they belong, shares first, without touching a video that plays. */
export function placeTiles(stage: HTMLElement, media: LiveMedia, view: View): void {
  const names = new Map(view.seats.map((seat) => [seat.seat, seat]));
  for (const tile of media.tiles.values()) {
    if (tile.box.parentElement !== stage) stage.append(tile.box);
    const seat = tile.feed.replace("-screen", "");
    const name = tile.feed.endsWith("-screen") ? t("media.shares", { who: t(`seat.${seat}`) }) : [t(`seat.${seat}`), names.get(seat)?.display].filter(Boolean).join(" · ");
    let label = tile.box.querySelector<HTMLElement>(".tile-name");
    if (!label) { label = h("span", { class: "tile-name" }); tile.box.append(label); }
    if (label.textContent !== name) label.textContent = name;
    const isForwarding = (view.recording as { is_forwarding?: boolean }).is_forwarding ?? view.state === "live";
    const state = names.get(seat)?.state ?? "";
    const wait = tile.box.querySelector<HTMLElement>(".tile-wait");
    const text = state === "away" || tile.watcher.state === "interrupted" ? t("media.away") : !isForwarding ? t(view.state === "paused" ? "media.paused" : "media.before") : t("media.waiting");
    if (wait && wait.textContent !== text) wait.textContent = text;
    tile.box.classList.toggle("is-away", state === "away" || tile.watcher.state === "interrupted" || !isForwarding);
  }
}

/** A seat, purpose, check or track in words. */
export function wordOf(part: string): string {
  for (const key of [`seat.${part}`, `purpose.${part}`, `check.${part}`]) if (t(key) !== key) return t(key);
  const seat = part.replace(/-(picture|screen)$/, "");
  return seat !== part && t(`seat.${seat}`) !== `seat.${seat}` ? `${t(`seat.${seat}`)} (${t(part.endsWith("-screen") ? "check.screen" : "check.camera")})` : part;
}
