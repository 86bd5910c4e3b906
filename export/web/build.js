// Bundles the page into built/, and puts the runtime into runtime/: npm run build [FOLDER]
//
// With a folder, the bundle goes there: that is how a test sees whether built/ is up to date.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const here = import.meta.dirname;
const folder = process.argv[2] ?? path.join(here, "built");
const options = { bundle: true, minify: true, target: "es2022", legalComments: "inline" };
await build({
  ...options,
  entryPoints: [path.join(here, "page", "main.js"), path.join(here, "page", "style.css")],
  format: "iife",
  outdir: folder,
});

if (process.argv.length === 2) {
  // The runtime that asks least of a browser: no relaxed SIMD, no threads.
  const wasm = path.join(here, "node_modules", "@litertjs", "core", "wasm");
  mkdirSync(path.join(here, "runtime"), { recursive: true });
  for (const kind of ["js", "wasm"]) {
    const content = readFileSync(path.join(wasm, `litert_wasm_compat_internal.${kind}`));
    writeFileSync(path.join(here, "runtime", `litert.${kind}.gz`), gzipSync(content, { level: 9 }));
  }
}
