// Single keys of the review sheet: playing, going from clause to clause, a verdict, the stretch. Only where nobody is typing, never with
// Ctrl, Alt or the command key, and off as soon as the reviewer says so (WCAG 2.1.4); the choice is kept in this browser.

export type Act =
  | { kind: "play" } | { kind: "see" } | { kind: "reason" }
  | { kind: "step"; ms: number } | { kind: "move"; by: number } | { kind: "verdict"; no: number } | { kind: "end"; name: "from_ms" | "to_ms" };

export interface Pressed { key: string; shiftKey: boolean; ctrlKey: boolean; altKey: boolean; metaKey: boolean }

/** Where the key was pressed: the element's name in capitals, and an input's type. */
export interface At { tag: string; type: string }

const ACTS: Record<string, Act> = {
  j: { kind: "move", by: 1 }, k: { kind: "move", by: -1 }, "1": { kind: "verdict", no: 0 }, "2": { kind: "verdict", no: 1 }, "3": { kind: "verdict", no: 2 },
  s: { kind: "see" }, r: { kind: "reason" }, "[": { kind: "end", name: "from_ms" }, "]": { kind: "end", name: "to_ms" },
  ",": { kind: "step", ms: -10_000 }, ".": { kind: "step", ms: 10_000 },
};
const TYPED = /^(TEXTAREA|SELECT)$/;
const OWN_SPACE = /^(BUTTON|SUMMARY|INPUT)$/;
const STORE = "review keys";

/** What the key asks for; null where it is somebody's typing, or means nothing. */
export function actOf(pressed: Pressed, at: At): Act | null {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey || TYPED.test(at.tag) || (at.tag === "INPUT" && !/^(radio|checkbox|range)$/.test(at.type))) return null;
  if (pressed.key === " ") return OWN_SPACE.test(at.tag) ? null : { kind: "play" };
  return pressed.shiftKey ? null : ACTS[pressed.key] ?? null;
}

/** The keys in their order, for the list on the page: what is pressed and the word for what it does. */
export const LISTED: readonly (readonly [string, string])[] = [
  ["␣", "key_play"], [", .", "key_step"], ["j", "key_next"], ["k", "key_previous"], ["1 2 3", "key_verdict"], ["s", "key_see"], ["[ ]", "key_ends"], ["r", "key_reason"],
];

export const areOn = (): boolean => localStorage.getItem(STORE) !== "off";
export const turn = (isOn: boolean): void => localStorage.setItem(STORE, isOn ? "on" : "off");
