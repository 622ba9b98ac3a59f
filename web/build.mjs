// Builds the console's code and styles into the Python package, each file named by its content, with a manifest of the names.
import { build } from "esbuild";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../src/jianlu/deliver/console/static/built");
const entries = ["console.ts", "live.ts", "playback.ts", "console.css"];

await mkdir(out, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: [...entries.map((name) => `src/${name}`), "src/frames.worker.ts"],
  outdir: out,
  entryNames: "[name].[hash]",
  chunkNames: "part.[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["chrome100", "firefox102", "safari15.4"],
  minify: true,
  metafile: true,
  legalComments: "none",
  loader: { ".svg": "dataurl" },
  logLevel: "warning",
});

const names = {};
const kept = new Set(["manifest.json"]);
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  kept.add(basename(path));
  if (output.entryPoint) names[basename(output.entryPoint).replace(/\.ts$/, ".js")] = basename(path);
}
await writeFile(join(out, "manifest.json"), JSON.stringify(names, null, 1));
for (const name of await readdir(out)) if (!kept.has(name)) await rm(join(out, name));
