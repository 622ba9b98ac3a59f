// Runs the verifier as the verification page's worker does, in Node: verifier.pyz on Pyodide, the package read in slices. For tests.
//   node verifier.mjs verifier.pyz PACKAGE [TRUST]
// Prints what the page gets, and how it was read: {"answer", "slices", "slice_bytes_max", "stages"}.
import { build } from "esbuild";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "pyodide";

// What a browser's worker has and Node has not: files are mounted in workers alone, and a slice is read when the program asks for it.
globalThis.WorkerGlobalScope = class {};
globalThis.FileReaderSync = class { readAsArrayBuffer(slice) { return slice.read(); } };

const [program, path, trust] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const out = await mkdtemp(join(tmpdir(), "jianlu-verifier-"));
await build({ absWorkingDir: here, entryPoints: ["src/verify/engine.ts"], outfile: join(out, "engine.mjs"), bundle: true, platform: "node", format: "esm", logLevel: "warning" });
const { Engine } = await import(join(out, "engine.mjs"));
await rm(out, { recursive: true });

const handle = openSync(path, "r");
const seen = { slices: 0, slice_bytes_max: 0, stages: [] };
const file = {
  size: statSync(path).size,
  slice(from, until) {
    const size = Math.max(0, Math.min(until, this.size) - from);
    seen.slices += 1;
    seen.slice_bytes_max = Math.max(seen.slice_bytes_max, size);
    return {
      size,
      read() {
        const bytes = new Uint8Array(size);
        for (let at = 0; at < size; ) at += readSync(handle, bytes, at, size - at, from + at);
        return bytes.buffer;
      },
    };
  },
};
const engine = new Engine(await loadPyodide(), new Uint8Array(readFileSync(program)));
const brought = { trust: trust ? new Uint8Array(readFileSync(trust)) : new Uint8Array(), ledgerKey: "", saved: new Uint8Array() };
const answer = JSON.parse(engine.verify(file, brought, ({ stage }) => { if (seen.stages.at(-1) !== stage) seen.stages.push(stage); }));
closeSync(handle);
process.stdout.write(JSON.stringify({ answer, ...seen }));
