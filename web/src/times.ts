// Instants as people read them: in the zone that the page was made for, always with its distance from UTC.

const root = (): DOMStringMap => document.documentElement.dataset;

/** The zone of the page, the device's own when the page names none or one that this browser does not know. */
export function zoneOf(claimed: string | undefined = root()["zone"]): string | undefined {
  try { return claimed && new Intl.DateTimeFormat("en", { timeZone: claimed }).resolvedOptions().timeZone ? claimed : undefined; } catch { return undefined; }
}

/** `2026-11-26 20:05:13 (UTC+8)`, as the server's pages write it; empty for what is no instant. */
export function shownAt(instant: string | number | null | undefined, zone: string | undefined = zoneOf()): string {
  const at = partsOf(instant, zone);
  return at ? `${at["year"]}-${at["month"]}-${at["day"]} ${at["hour"]}:${at["minute"]}:${at["second"]} (${offsetIn(at["timeZoneName"] ?? "")})` : "";
}

/** A list's time: the hour of today, else the day and the hour, `20:05` or `11-26 20:05`; the whole is for its title. */
export function briefAt(instant: string | number | null | undefined, now: number = Date.now(), zone: string | undefined = zoneOf()): string {
  const at = partsOf(instant, zone), today = partsOf(now, zone);
  if (!at || !today) return "";
  const hour = `${at["hour"]}:${at["minute"]}`, isThisYear = at["year"] === today["year"];
  if (isThisYear && at["month"] === today["month"] && at["day"] === today["day"]) return hour;
  return `${isThisYear ? "" : `${at["year"]}-`}${at["month"]}-${at["day"]} ${hour}`;
}

function partsOf(instant: string | number | null | undefined, zone: string | undefined): Record<string, string> | null {
  const date = new Date(instant ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return null;
  const two = "2-digit";
  const shape: Intl.DateTimeFormatOptions = { year: "numeric", month: two, day: two, hour: two, minute: two, second: two, hourCycle: "h23", timeZoneName: "shortOffset" };
  return Object.fromEntries(new Intl.DateTimeFormat("en-US", zone ? { ...shape, timeZone: zone } : shape).formatToParts(date).map((part) => [part.type, part.value]));
}

/** Some engines say GMT, some GMT+0, some write a real minus. */
const offsetIn = (name: string): string => name.replace("GMT", "UTC").replace("−", "-").replace(/^UTC[+-]0$/, "UTC");
