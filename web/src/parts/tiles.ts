// What a tile of the wall says of its session, without drawing it.

import type { Both } from "../words.ts";

export interface Tile {
  case: string; number: string; title: string; template: string; state: string; language: string; profile: string; customer: string; agent: string;
  created_at: string; started_at: string | null; elapsed_ms: number; step: { no: number; of: number; title: Both } | null;
  recording: { state: string; recorded_until_ms: number }; tracks: Record<string, string>;
  health: { level: "none" | "green" | "amber" | "red"; messages: { code: string; text: Both; track: string; at_ms: number }[]; looked_ms: number | null };
  calls_supervisor: boolean; supervisor: string | null; noted: { name: string; at: string } | null;
}
export interface Wall { tiles: Tile[]; left_off: number }

/** Whether something is the matter: a check calls, or the recording is not healthy. */
export const isAlarmed = (tile: Tile): boolean => tile.calls_supervisor || tile.health.level === "red" || tile.health.level === "amber";
/** Whether somebody should look: something is the matter, and nobody said yet that they know. */
export const needsSomebody = (tile: Tile): boolean => isAlarmed(tile) && tile.noted === null;

/** Whether a tile is of those that are looked for: by any part of number, title, agent or customer, and by its template. */
export function isWanted(tile: Tile, text: string, template: string): boolean {
  const sought = text.trim().toLowerCase();
  return (!template || tile.template === template) && [tile.number, tile.title, tile.agent, tile.customer].some((each) => each.toLowerCase().includes(sought));
}

/** The tile to which a key leads from one of `count`, laid out in `columns`; -1 where the key leads nowhere. */
export function nextTile(key: string, from: number, count: number, columns: number): number {
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
  const to = key === "Home" ? 0 : key === "End" ? count - 1 : step === undefined ? -1 : from + step;
  return to >= 0 && to < count ? to : -1;
}

/** The look of a tile's edge; a session of which nothing is known is never green. */
export function edgeOf(tile: Tile): "bad" | "care" | "good" | "" {
  if (tile.calls_supervisor || tile.health.level === "red") return "bad";
  if (tile.health.level === "amber" || tile.state === "paused") return "care";
  return tile.health.level === "green" ? "good" : "";
}

/** The look of a track's badge. */
export function trackLook(state: string): "good" | "care" | "bad" | "" {
  if (state === "ok") return "good";
  if (state === "starting" || state === "idle") return "";
  return state === "weak" || state === "silent" ? "care" : "bad";
}

/** Sessions that call now and did not before: what is said aloud. */
export function freshCalls(before: readonly Tile[], now: readonly Tile[]): Tile[] {
  const called = new Set(before.filter((tile) => tile.calls_supervisor).map((tile) => tile.case));
  return now.filter((tile) => tile.calls_supervisor && !called.has(tile.case));
}
