// Builds the console's code and styles into the Python package, each file named by its content, with a manifest of the names.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../src/jianlu/deliver/console/static/built");
const entries = ["console.ts", "account.ts", "live.ts", "playback.ts", "ledger.ts", "verify.ts", "scripts.ts", "withdraw.ts", "console.css"];
const workers = ["frames.worker.ts", "verify.worker.ts"];

await mkdir(out, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: [...entries, ...workers].map((name) => `src/${name}`),
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
// The style guide shows both themes side by side: the very tokens, each under a class.
const tokens = await readFile(join(here, "src/css/tokens.css"), "utf8");
const [light, dark] = [...tokens.matchAll(/:root \{([^}]*)\}/g)].map((found) => found[1].replace(/color-scheme:[^;]*;/, ""));
const themes = `.theme-light{color-scheme:light;${light}}.theme-dark{color-scheme:dark;${light}${dark}}`;
const files = { "themes.css": Buffer.from(themes) };
for (const name of await readdir(join(here, "public"))) files[name] = await readFile(join(here, "public", name));
for (const [name, content] of Object.entries(files)) {
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 8);
  names[name] = `${basename(name, extname(name))}.${digest}${extname(name)}`;
  kept.add(names[name]);
  await writeFile(join(out, names[name]), content);
}
// Python for the verification page alone: as its publisher built it, in a folder of its version, never bundled and never in the repository.
const python = join(here, "node_modules/pyodide");
const { version } = JSON.parse(await readFile(join(python, "package.json"), "utf8"));
const folder = `pyodide-${version}`;
names.pyodide = `${folder}/`;
kept.add(folder);
await mkdir(join(out, folder), { recursive: true });
for (const name of ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]) {
  await copyFile(join(python, name), join(out, folder, name));
  if (!name.endsWith(".zip")) await writeFile(join(out, folder, `${name}.gz`), gzipSync(await readFile(join(python, name)), { level: 9 }));
}
await writeFile(join(out, "manifest.json"), JSON.stringify(names, null, 1));
for (const name of await readdir(out)) if (!kept.has(name)) await rm(join(out, name), { recursive: true });
