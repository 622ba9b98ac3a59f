// Calls of the API as the page's viewer. An answer that is no success becomes a Problem, whose words a page can show.

import { heed, isTouched, proofOf } from "./device.ts";
import { has, lang, t } from "./words.ts";

export class Problem extends Error {
  constructor(readonly status: number, readonly kind: string, readonly detail: string, readonly code = "") {
    super(detail || kind);
  }

  /** What to tell a person, in their language: the words of this very error, else those of its kind. The detail is English, for programs. */
  get text(): string {
    const known = [`error.${this.code}`, `problem.${this.kind.split(":").pop() ?? ""}`, `problem.${this.status}`].find(has) ?? "problem.0";
    return this.detail && lang() === "en" && !known.startsWith("error.") ? `${t(known)} (${this.detail})` : t(known);
  }
}

export type Capacity = "staff" | "seat" | `seat:${string}` | "";

export const capacity = (): Capacity => (document.body.dataset["capacity"] ?? "") as Capacity;

/** Headers of every call: not from another site, and as whom. */
export function headers(more: Record<string, string> = {}): Record<string, string> {
  const as = capacity();
  return { "X-Jianlu": "1", ...(as ? { "X-Jianlu-As": as } : {}), ...(as === "staff" && isTouched() ? { "X-Jianlu-Touched": "1" } : {}), ...more };
}

const PATIENCE_MS = 30_000; // over a connection that a cut network left behind, a browser would wait for a quarter of an hour

let proveAnew: (() => Promise<boolean>) | null = null;
/** What asks the person to prove anew who they are; true when they did. */
export const onStepUp = (ask: () => Promise<boolean>): void => { proveAnew = ask; };

/** Calls, and waits for `patienceMs` at most: a call that hangs keeps a connection from those that would get through. A call that needs a
 * proof of the device or of the person is made again with it, once. */
export async function send(path: string, init: RequestInit = {}, patienceMs = PATIENCE_MS): Promise<Response> {
  try {
    return await sendOnce(path, init, patienceMs);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    const isAgain = error.kind.endsWith("device-proof-needed") || (await isRenewed(path, error)) || (error.kind.endsWith("step-up-needed") && proveAnew !== null && (await proveAnew()));
    if (!isAgain) throw error;
    return sendOnce(path, init, patienceMs);
  }
}

const RENEWED_MS = 400;

/** Whether another tab may have proved its person meanwhile: the cookie of before is refused at once, and this call carried it. */
async function isRenewed(path: string, error: Problem): Promise<boolean> {
  if (capacity() !== "staff" || !error.kind.endsWith("sign-in-needed") || /\/(sign-in|sign-out|step-up|enrol)/.test(path)) return false;
  await new Promise((resolve) => setTimeout(resolve, RENEWED_MS));
  return true;
}

async function sendOnce(path: string, init: RequestInit, patienceMs: number): Promise<Response> {
  let answer: Response;
  const proof = await proofOf(init.method ?? "GET", path);
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: within(patienceMs), ...init, headers: headers({ ...(init.headers as Record<string, string>), ...(proof ? { DPoP: proof } : {}) }) });
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  heed(answer);
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
    const said = (await answer.json()) as { type?: string; detail?: string; code?: string };
    return new Problem(answer.status, said.type ?? "", said.detail ?? "", said.code ?? "");
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
export async function upload(path: string, file: Blob, type: string, onShare: (share: number) => void, bound: AbortSignal): Promise<void> {
  const proof = await proofOf("POST", path);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let stalled = 0;
    const mind = (): void => { clearTimeout(stalled); stalled = window.setTimeout(() => request.abort(), STALLED_MS); };
    const lost = (): void => reject(new Problem(0, "unreachable", ""));
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers({ "Content-Type": type, ...(proof ? { DPoP: proof } : {}), "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()).slice(2) }))) request.setRequestHeader(name, value);
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
