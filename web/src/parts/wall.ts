// The supervisors' wall: every session that goes on as a tile, told anew by server-sent events. Old news is never shown as the present.

import { capacity, get, post, Problem } from "../api.ts";
import { busy, h, icon, Region, toast } from "../dom.ts";
import { briefAt } from "../times.ts";
import { clock, t, tr } from "../words.ts";
import { wordOf } from "./bits.ts";
import { edgeOf, freshCalls, isAlarmed, isWanted, needsSomebody, nextTile, trackLook, type Tile, type Wall } from "./tiles.ts";

const SILENT_MS = 20_000;

class WallPage extends HTMLElement {
  private shown: Wall = { tiles: [], left_off: 0 };
  private heardAt = 0;
  private isLost = false;
  private stream: EventSource | null = null;
  private timer = 0;
  private isOnlyUrgent = false;
  private sought = "";
  private template = "";
  private readonly boxes = new Map<string, { box: HTMLElement; region: Region }>();
  private readonly list = h("ul", { class: "wall" });
  private readonly head = new Region(h("div", { class: "wall-head" }));
  private readonly note = new Region(h("div"));
  private readonly heard = h("p", { class: "only-heard", role: "alert" });

  connectedCallback(): void {
    this.shown = JSON.parse(this.querySelector("script[data-first]")?.textContent ?? "{}") as Wall;
    this.heardAt = Date.now();
    this.replaceChildren(this.heard, this.head.at, this.finder(), this.note.at, this.list);
    this.list.addEventListener("keydown", (event) => this.step(event));
    this.list.addEventListener("click", (event) => this.noteOf(event));
    this.draw();
    this.listen();
    this.timer = window.setInterval(() => this.check(), 5000);
  }

  disconnectedCallback(): void { clearInterval(this.timer); this.stream?.close(); }

  private listen(): void {
    this.stream?.close();
    const stream = new EventSource(`/api/v1/supervision/stream?as=${encodeURIComponent(capacity())}`);
    this.stream = stream;
    stream.addEventListener("wall", (event) => this.take(JSON.parse((event as MessageEvent<string>).data) as Wall));
    stream.addEventListener("end", (event) => {
      stream.close();
      if ((event as MessageEvent<string>).data?.includes("signed_out")) location.assign("/sign-in?next=/wall");
      else this.lose();
    });
    stream.addEventListener("error", () => this.lose());
  }

  private take(wall: Wall): void {
    for (const tile of freshCalls(this.shown.tiles, wall.tiles)) this.heard.textContent = t("checks.calls_you", { title: tile.title });
    this.shown = wall;
    this.heardAt = Date.now();
    this.isLost = false;
    this.draw();
  }

  private lose(): void { if (!this.isLost) { this.isLost = true; this.draw(); } }

  private check(): void {
    if (this.stream?.readyState === EventSource.CLOSED) this.listen();
    if (Date.now() - this.heardAt < SILENT_MS) return;
    void get<Wall>("/api/v1/supervision/wall").then((wall) => this.take(wall), (error: unknown) => {
      if (error instanceof Problem && [401, 403].includes(error.status)) location.assign("/sign-in?next=/wall");
      this.lose();
    });
  }

  private draw(): void {
    const { tiles, left_off } = this.shown;
    const urgent = tiles.filter(needsSomebody);
    const wanted = (this.isOnlyUrgent ? urgent : tiles).filter((tile) => isWanted(tile, this.sought, this.template));
    const isFiltered = this.isOnlyUrgent || this.sought !== "" || this.template !== "";
    document.title = urgent.length ? `(${urgent.length}) ${t("wall.title")}` : t("wall.title");
    this.head.show([tiles.length, urgent.length, this.isOnlyUrgent, left_off], () => [
      h("p", null, h("b", { class: "wall-count" }, tiles.filter((tile) => ["live", "paused"].includes(tile.state)).length), " ", t("wall.live"), " · ", t("wall.of", { n: tiles.length + left_off })),
      h("button", { class: "button little", type: "button", "data-key": "urgent", "aria-pressed": String(this.isOnlyUrgent), onclick: () => { this.isOnlyUrgent = !this.isOnlyUrgent; this.draw(); } }, t("wall.only_urgent", { n: urgent.length })),
      left_off ? h("p", { class: "note" }, t("wall.left_off", { n: left_off })) : null]);
    const since = this.isLost ? briefAt(this.heardAt) : "";
    this.note.show([this.isLost, since, wanted.length, this.isOnlyUrgent, isFiltered], () => [
      this.isLost ? h("div", { class: "says bad", role: "status" }, t("wall.lost", { time: since })) : null,
      wanted.length ? null : h("div", { class: "sheet empty" }, h("h2", null, t(this.isOnlyUrgent ? "wall.none_urgent" : isFiltered ? "wall.none_found" : "wall.none")), h("p", { class: "soft" }, t(this.isOnlyUrgent ? "wall.none_urgent_hint" : isFiltered ? "wall.none_found_hint" : "wall.none_hint")))]);
    this.list.classList.toggle("is-stale", this.isLost);
    this.place(wanted);
  }

  /** Looks for a session, or at those of one template. */
  private finder(): HTMLElement {
    const templates = [...new Set(this.shown.tiles.map((tile) => tile.template))].sort();
    return h("div", { class: "wall-find" },
      h("div", { class: "field" }, h("label", { for: "wall-sought" }, t("wall.find")), h("input", { id: "wall-sought", type: "search", maxlength: 80, oninput: (event: Event) => { this.sought = (event.target as HTMLInputElement).value; this.draw(); } })),
      templates.length > 1 ? h("div", { class: "field" }, h("label", { for: "wall-template" }, t("wall.template")), h("select", { id: "wall-template", onchange: (event: Event) => { this.template = (event.target as HTMLSelectElement).value; this.draw(); } },
        h("option", { value: "" }, t("wall.every")), templates.map((each) => h("option", { value: each }, each)))) : null);
  }

  private step(event: KeyboardEvent): void {
    const links = [...this.list.querySelectorAll<HTMLElement>(".tile-of h2 a")];
    const from = links.indexOf(document.activeElement as HTMLElement);
    if (from < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const columns = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const to = nextTile(event.key, from, links.length, columns);
    if (to < 0) return;
    event.preventDefault();
    links[to]?.focus();
  }

  private noteOf(event: Event): void {
    const button = (event.target as Element | null)?.closest<HTMLElement>("[data-note]");
    if (!button) return;
    void busy(button, async () => {
      try {
        this.take(await post<Wall>(`/api/v1/supervision/cases/${button.dataset["note"] ?? ""}/note`));
      } catch (error) {
        toast(error instanceof Problem ? error.text : String(error), { isBad: true });
      }
    });
  }

  /** Tiles keep their element, and with it the focus, while they are on the wall. */
  private place(wanted: Tile[]): void {
    const there = new Set(wanted.map((tile) => tile.case));
    for (const [name, { box }] of this.boxes) if (!there.has(name)) { box.remove(); this.boxes.delete(name); }
    const focused = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>(".tile-of")?.dataset["case"];
    wanted.forEach((tile, at) => {
      let known = this.boxes.get(tile.case);
      if (!known) {
        const box = h("li", { class: "tile-of sheet", "data-case": tile.case });
        known = { box, region: new Region(box) };
        this.boxes.set(tile.case, known);
      }
      const { box, region } = known;
      region.show([tile], () => tileOf(tile));
      box.className = `tile-of sheet ${edgeOf(tile)}`.trim();
      if (this.list.children[at] !== box) this.list.insertBefore(box, this.list.children[at] ?? null);
    });
    if (focused) this.boxes.get(focused)?.box.querySelector<HTMLElement>("a")?.focus({ preventScroll: true });
  }
}

function tileOf(tile: Tile): HTMLElement[] {
  const isOn = ["live", "paused"].includes(tile.state);
  const looks: Record<string, string> = { live: "bad live", paused: "care", ready: "act", waiting: "act" };
  const found: (HTMLElement | null)[] = [
    h("div", { class: "spread" }, h("h2", null, h("a", { href: `/cases/${tile.case}`, "data-key": tile.case }, tile.title || tile.number)), h("span", { class: `badge ${looks[tile.state] ?? ""}` }, t(`wallstate.${tile.state}`))),
    h("p", { class: "soft small" }, [tile.number, tile.agent || t("wall.no_agent"), tile.customer, tile.profile === "elderly" ? t("wall.elderly") : ""].filter(Boolean).join(" · ")),
    tile.calls_supervisor ? h("p", { class: "says bad" }, icon("hand"), " ", t("wall.calls")) : null,
    isOn ? h("p", { class: "wall-time" }, h("b", null, clock(tile.elapsed_ms)), " ", h("small", { class: "note" }, t("rec.sealed", { time: clock(tile.recording.recorded_until_ms) }))) : null,
    tile.step && isOn ? h("div", null, h("p", { class: "small" }, t("wall.step", { n: tile.step.no, of: tile.step.of, title: tr(tile.step.title) })), h("progress", { class: "bar", max: tile.step.of, value: tile.step.no - 1, "aria-label": t("wall.progress") })) : null,
    Object.keys(tile.tracks).length ? h("ul", { class: "wall-tracks", "aria-label": t("cockpit.tracks") }, Object.entries(tile.tracks).filter(([, state]) => state !== "idle").map(([track, state]) => h("li", null, h("span", { class: `badge ${trackLook(state)}` }, `${wordOf(track)} · ${t(`track.${state}`)}`)))) : null,
    tile.health.messages.length ? h("ul", { class: `says ${tile.health.level === "red" ? "bad" : "care"}` }, tile.health.messages.map((each) => h("li", null, each.track ? tr(each.text).replace(each.track, wordOf(each.track)) : tr(each.text)))) : isOn && tile.health.level === "green" ? h("p", { class: "note" }, t("wall.healthy")) : null,
    tile.noted ? h("p", { class: "note" }, t("wall.noted", { name: tile.noted.name, time: new Date(tile.noted.at).toLocaleTimeString(document.documentElement.lang, { hour12: false }) })) : isAlarmed(tile) ? h("p", null, h("button", { class: "button little", type: "button", "data-note": tile.case, "data-key": `note-${tile.case}` }, t("wall.note"))) : null,
    tile.supervisor ? h("p", { class: "note" }, t("advice.beside", { name: tile.supervisor })) : null,
  ];
  return found.filter((each): each is HTMLElement => each !== null);
}

customElements.define("jl-wall", WallPage);
