// Draws images by an exported generator, in Node:  node node.js generator.tflite 7 out
//
// Writes out.image, out.sample and out.z, raw float32 numbers of the images with the seeds (7, 0),
// (7, 1), … as many as the largest batch has. Needs `npm install` in this folder.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import vm from "node:vm";

import { loadLiteRt } from "@litertjs/core";

import { Generator } from "./generator.js";

const require = createRequire(import.meta.url);

/** Starts the runtime, whose loader expects a browser's worker. */
export async function start() {
  const main = require.resolve("@litertjs/core/package.json");
  const loader = path.join(path.dirname(main), "wasm", "litert_wasm_compat_internal.js");
  globalThis.self = globalThis;
  globalThis.require = require;
  globalThis.__dirname = path.dirname(loader);
  globalThis.importScripts = (file) => vm.runInThisContext(readFileSync(file, "utf8"));
  const wasmBinary = readFileSync(loader.replace(/js$/, "wasm"));
  self.Module = { wasmBinary, print() {}, printErr() {} };
  const { warn } = console;
  console.warn = () => {}; // It warns that there is no GPU.
  await loadLiteRt(loader);
  console.warn = warn;
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}

async function main([file, text, out, ...others]) {
  if (out === undefined || others.length) fail("usage: node node.js MODEL SEED OUT");
  const seed = Number(text);
  if (!/^-?\d+$/.test(text) || seed !== (seed | 0)) {
    fail(`SEED must be a whole number of 32 bits, got ${text}.`);
  }
  const model = readFileSync(file);
  await start();
  const generator = await Generator.open(model);
  const count = generator.verbs.sample?.at(-1)[0] ?? fail(`no signature that samples in ${file}.`);
  const seeds = Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? i >> 1 : seed));
  const found = await generator.run("sample", { seed: seeds });
  for (const [name, values] of Object.entries(found)) {
    writeFileSync(`${out}.${name}`, values);
    console.log(`${out}.${name}: ${count} x ${values.length / count}`);
  }
}

if (process.argv[1] === import.meta.filename) {
  main(process.argv.slice(2)).catch((error) => fail(error.message));
}
