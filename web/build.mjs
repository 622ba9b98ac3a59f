// Builds the console's code and styles into the Python package, each file named by its content, with a manifest of the names.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
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
for (const name of await readdir(join(here, "public"))) {
  const content = await readFile(join(here, "public", name));
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 8);
  names[name] = `${basename(name, extname(name))}.${digest}${extname(name)}`;
  kept.add(names[name]);
  await writeFile(join(out, names[name]), content);
}
await writeFile(join(out, "manifest.json"), JSON.stringify(names, null, 1));
for (const name of await readdir(out)) if (!kept.has(name)) await rm(join(out, name));
