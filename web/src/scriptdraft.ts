// A script that is being written, as plain values: no page is touched here.

import type { Both } from "./words.ts";

export interface Text { zh: string; en: string }
export interface Sentence { text: Text; when: unknown }
export interface Option { id: string; label: Text; effect: string }
export interface Question { id: string; question: Text; by: string; options: Option[] }
export interface Shown { id: string; title: Text; min_show_ms: number }
export interface Step { id: string; title: Text; kind: string; speaker: string; say: Sentence[]; prompt: Text; min_read_ms: number; documents: string[]; answers: Question[]; consents: string[]; attests: string[]; covers: string[]; when: unknown }
export interface Content { title: Text; documents: Shown[]; steps: Step[] }
export interface Clause { key: string; citation: string; title: Both }
export interface Choice { id: string; label: Both }
export interface Changed { field: string; label: Both; parts: Record<string, [string, string][]> }
export interface Draft {
  script: string; revision: number; based_on: string; saved_by_name: string; saved_at: string; content: Content; next_version: string; rehearsed: number;
  problems: { code: string; at: string; text: Both }[];
  lacks: { code: string; clause: Clause; step: string; text: Both; is_refused: boolean }[];
  choices: { kinds: Choice[]; seats: Choice[]; consents: Choice[]; effects: Choice[]; facts: Choice[]; conditions: { when: unknown; text: Both }[]; demands: { id: string; says: string[]; clauses: Clause[] }[]; attested: Clause[] };
  changes: { head: Changed[]; steps: { id: string; no: number; title: Both; kind: string; fields: Changed[] }[]; counts: Record<string, number> };
}

export const blank = (): Text => ({ zh: "", en: "" });

/** A code that is not taken yet: people write words, codes are for the record. */
export function freeCode(prefix: string, taken: readonly string[]): string {
  for (let no = taken.length + 1; ; no += 1) if (!taken.includes(`${prefix}_${no}`)) return `${prefix}_${no}`;
}

export function newStep(taken: readonly string[]): Step {
  return { id: freeCode("step", taken), title: blank(), kind: "say", speaker: "agent", say: [{ text: blank(), when: null }], prompt: blank(), min_read_ms: 3000, documents: [], answers: [], consents: [], attests: [], covers: [], when: null };
}

/** The list with one entry at another place; the same list where there is no such place. */
export function moved<T>(list: readonly T[], from: number, by: number): T[] {
  const made = [...list];
  const to = from + by;
  if (to < 0 || to >= made.length) return made;
  made.splice(to, 0, ...made.splice(from, 1));
  return made;
}

/** Seconds as people write them, in the milliseconds of the record; what is no number becomes -1, which is called wrong. */
export function milliseconds(seconds: string): number {
  const said = Number(seconds.trim().replace(",", "."));
  return seconds.trim() === "" || !Number.isFinite(said) ? -1 : Math.round(said * 1000);
}

/** The step of a place such as `steps/3/say/0/text/zh`; -1 for a place outside the steps. */
export function stepOf(at: string): number {
  const found = /^steps\/(\d+)/.exec(at);
  return found ? Number(found[1]) : -1;
}
