// Calls of the API as the page's viewer. An answer that is no success becomes a Problem, whose words a page can show.

import { has, t } from "./words.ts";

export class Problem extends Error {
  constructor(readonly status: number, readonly kind: string, readonly detail: string) {
    super(detail || kind);
  }

  /** What to tell a person: our own sentence for what we know, else the server's. */
  get text(): string {
    const named = `problem.${this.kind.split(":").pop() ?? ""}`;
    if (this.kind && has(named)) return this.detail ? `${t(named)} (${this.detail})` : t(named);
    const byStatus = `problem.${this.status}`;
    return has(byStatus) ? (this.detail ? `${t(byStatus)} (${this.detail})` : t(byStatus)) : this.detail || t("problem.0");
  }
}

export type Capacity = "staff" | "seat" | `seat:${string}` | "";

export const capacity = (): Capacity => (document.body.dataset["capacity"] ?? "") as Capacity;

/** Headers of every call: not from another site, and as whom. */
export function headers(more: Record<string, string> = {}): Record<string, string> {
  const as = capacity();
  return { "X-Jianlu": "1", ...(as ? { "X-Jianlu-As": as } : {}), ...more };
}

const PATIENCE_MS = 30_000; // over a connection that a cut network left behind, a browser would wait for a quarter of an hour

/** Calls, and waits for `patienceMs` at most: a call that hangs keeps a connection from those that would get through. */
export async function send(path: string, init: RequestInit = {}, patienceMs = PATIENCE_MS): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: within(patienceMs), ...init, headers: headers(init.headers as Record<string, string>) });
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

function within(ms: number): AbortSignal {
  const bound = new AbortController();
  setTimeout(() => bound.abort(), ms);
  return bound.signal;
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const said = (await answer.json()) as { type?: string; detail?: string };
    return new Problem(answer.status, said.type ?? "", said.detail ?? "");
  } catch {
    return new Problem(answer.status, "", "");
  }
}

export async function get<T>(path: string, patienceMs = PATIENCE_MS): Promise<T> {
  return (await (await send(path, {}, patienceMs)).json()) as T;
}

/** A change. The idempotency key makes a repeat of the same click harmless when the answer was lost. */
export async function post<T>(path: string, body: unknown = {}, method = "POST"): Promise<T> {
  const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  const init = { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json", "Idempotency-Key": key } };
  let answer: Response;
  try {
    answer = await send(path, init);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 0) throw error;
    answer = await send(path, init);
  }
  const text = await answer.text();
  return (text ? JSON.parse(text) : {}) as T;
}

const STALLED_MS = 30_000;

/** Sends a file as it is and tells which share of it is up; a line on which nothing moves any more is given up, like one that is cut. */
export function upload(path: string, file: Blob, type: string, onShare: (share: number) => void, bound: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let stalled = 0;
    const mind = (): void => { clearTimeout(stalled); stalled = window.setTimeout(() => request.abort(), STALLED_MS); };
    const lost = (): void => reject(new Problem(0, "unreachable", ""));
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers({ "Content-Type": type, "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()).slice(2) }))) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => { mind(); if (event.lengthComputable) onShare(event.loaded / event.total); });
    request.addEventListener("load", () => { if (request.status >= 200 && request.status < 300) resolve(); else void problemOf(new Response(request.responseText, { status: request.status })).then(reject); });
    request.addEventListener("error", lost);
    request.addEventListener("abort", lost);
    request.addEventListener("loadend", () => clearTimeout(stalled));
    bound.addEventListener("abort", () => request.abort());
    mind();
    request.send(file);
  });
}

export const apiOf = (ref: string): string => `/api/v1/cases/${encodeURIComponent(ref)}`;
