// The worker of the verification page. It loads the runtime and the program once; from then on it needs no network.

import { sha256, toHex } from "./ledger/bytes.ts";
import { Engine, type Brought, type Python } from "./verify/engine.ts";

export type Asked = { kind: "load"; runtime: string; program: string } | ({ kind: "verify"; file: File } & Brought);
export type Said =
  | { kind: "loading"; part: "runtime" | "program" }
  | { kind: "ready"; digest: string }
  | { kind: "progress"; stage: string; share: number }
  | { kind: "answer"; answer: string; seconds: number }
  | { kind: "failed"; at: "load" | "verify"; why: string };

/** What is read of a package in all: every entry is digested, the recording and the documents once more. */
const TIMES_READ = 2;
const TELL_MS = 100;

let engine: Engine | null = null;
const say = (said: Said): void => self.postMessage(said);

async function load(runtime: string, program: string): Promise<void> {
  say({ kind: "loading", part: "runtime" });
  const { loadPyodide } = (await import(`${runtime}pyodide.mjs`)) as { loadPyodide: (options: { indexURL: string }) => Promise<Python> };
  const python = await loadPyodide({ indexURL: runtime });
  say({ kind: "loading", part: "program" });
  const answer = await fetch(program);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  engine = new Engine(python, bytes);
  say({ kind: "ready", digest: toHex(await sha256(bytes)) });
}

function verify(file: File, brought: Brought): void {
  if (!engine) throw new Error("not loaded");
  const from = performance.now();
  let told = 0;
  const answer = engine.verify(file, brought, ({ stage, read }) => {
    if (performance.now() - told < TELL_MS) return;
    told = performance.now();
    say({ kind: "progress", stage, share: Math.min(1, read / (TIMES_READ * Math.max(1, file.size))) });
  });
  say({ kind: "answer", answer, seconds: (performance.now() - from) / 1000 });
}

self.addEventListener("message", (event: MessageEvent<Asked>) => {
  const asked = event.data;
  const run = asked.kind === "load" ? load(asked.runtime, asked.program) : Promise.resolve().then(() => verify(asked.file, asked));
  run.catch((error: unknown) => say({ kind: "failed", at: asked.kind, why: String(error) }));
});
