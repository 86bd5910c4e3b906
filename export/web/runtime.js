// Puts the files of the LiteRT runtime, which a page carries, into runtime/: npm run runtime

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

const here = import.meta.dirname;
// The variant that asks least of a browser: without relaxed SIMD and without threads.
const wasm = path.join(here, "node_modules", "@litertjs", "core", "wasm");
mkdirSync(path.join(here, "runtime"), { recursive: true });
for (const kind of ["js", "wasm"]) {
  const content = readFileSync(path.join(wasm, `litert_wasm_compat_internal.${kind}`));
  writeFileSync(path.join(here, "runtime", `litert.${kind}.gz`), gzipSync(content, { level: 9 }));
}
