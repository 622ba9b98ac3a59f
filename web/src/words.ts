// Texts of the page's language, put there by the server; and texts that come with both languages.

export type Both = { zh?: string; en?: string } | string | null | undefined;
export type Lang = "zh" | "en";

let words: Record<string, string> | undefined;

function load(): Record<string, string> {
  if (!words) words = JSON.parse(document.getElementById("words")?.textContent ?? "{}") as Record<string, string>;
  return words;
}

export const lang = (): Lang => (document.documentElement.lang.startsWith("en") ? "en" : "zh");

/** The text of a key, with {names} filled in; the key itself when there is none, so that a gap is seen. */
export function t(key: string, values: Record<string, string | number> = {}): string {
  const text = load()[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** Whether there is a text for a key: codes of the server may be newer than the page. */
export const has = (key: string): boolean => key in load();

/** A text in the page's language, or in the other one. */
export function tr(value: Both): string {
  if (!value) return "";
  if (typeof value === "string") return value;
  return value[lang()] || value.zh || value.en || "";
}

/** Milliseconds as 1:02:03 or 02:03. */
export function clock(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  const s = Math.max(0, Math.floor(ms / 1000));
  const pad = (n: number): string => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600);
  return h ? `${h}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}` : `${pad(Math.floor(s / 60))}:${pad(s % 60)}`;
}
