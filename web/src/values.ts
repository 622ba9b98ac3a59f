// Values in and out of forms and pictures; nothing here touches a page.

/** A number that is free today: the date and the time to the second. */
export function suggested(now: Date): string {
  const pad = (n: number): string => String(n).padStart(2, "0");
  return `JL-${now.getFullYear()}${pad(now.getMonth() + 1)}${pad(now.getDate())}-${pad(now.getHours())}${pad(now.getMinutes())}${pad(now.getSeconds())}`;
}

/** An address without the wish for a language, which the cookie has kept: loading an old tab anew must not bring its language back. */
export function withoutLang(address: string): string {
  const [before = "", hash] = address.split(/(?=#)/), [path = "", query = ""] = before.split("?");
  const kept = query.split("&").filter((each) => each && !each.startsWith("lang="));
  return path + (kept.length ? `?${kept.join("&")}` : "") + (hash ?? "");
}

export function valueOf(text: string, kind: string): unknown {
  if (text === "") return "";
  if (kind === "number" || kind === "integer") return Number(text);
  if (kind === "yes_no") return text === "true";
  if (kind === "list") return text.split(/[,，、;；]\s*/).filter(Boolean);
  return text;
}

/** Six to ten round instants. */
export function ticksOf(total: number): number[] {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((s) => s * 1000);
  const step = steps.find((each) => total / each <= 9) ?? 7200000;
  const found: number[] = [];
  for (let ms = 0; ms < total * 0.97; ms += step) found.push(ms);
  return found;
}
export const svgAddress = (svg: string): string => (svg.startsWith("data:") ? svg : `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`);

/** An inline SVG needs its namespace to stand alone as an image, and the colour of its lines. */
export function withNamespace(svg: string): string {
  const named = svg.includes("xmlns=") ? svg : svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  return named.replace(/<path(?![^>]*stroke=)/g, '<path stroke="#000"');
}
