// Draws images by an exported generator, in Node:  node node.js generator.tflite 7 out
//
// Writes out.image, out.sample and out.z. Each holds raw float32 numbers, of the images with the
// seeds (7, 0), (7, 1), …, as many as the largest batch size. A conditional model needs one more
// argument, which counts for all images: a label, or a file of the raw float32 numbers of an image.
// Before the first call, run `npm install` in this folder.

import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
  console.warn = () => {}; // The runtime warns that there is no GPU.
  await loadLiteRt(loader);
  console.warn = warn;
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}

function whole(name, text) {
  if (!/^-?\d+$/.test(text) || Number(text) !== (Number(text) | 0)) {
    fail(`${name} must be a whole number of 32 bits, got ${text}.`);
  }
  return Number(text);
}

/** The same condition for `count` images: a label, or what a file holds. */
function repeated(given, count, { dtype, shape }) {
  if (dtype === "int32") return new Int32Array(count).fill(whole("CONDITION", given));
  const bytes = new Uint8Array(readFileSync(given));
  const all = new Float32Array(shape.reduce((product, n) => product * n, 1));
  if (bytes.length * count !== all.byteLength) {
    const wanted = `${all.byteLength / count} bytes`;
    fail(`CONDITION must be a file of the float32 numbers of one image, ${wanted}; got ${given}.`);
  }
  const image = new Float32Array(bytes.buffer);
  for (let i = 0; i < count; i++) all.set(image, i * image.length);
  return all;
}

/** Fails unless a file is what the model card beside it says, if there is one. */
function checkChecksum(file, content) {
  const name = path.basename(file);
  let wanted;
  try {
    const card = readFileSync(path.join(path.dirname(file), "model_card.json"), "utf8");
    wanted = JSON.parse(card).files[name].sha256[name];
  } catch {
    return; // There is no card, or it isn't of this file.
  }
  if (wanted !== createHash("sha256").update(content).digest("hex")) {
    fail(`${file} is damaged or was changed: its checksum isn't that in model_card.json.`);
  }
}

/** Writes a file that has its name only when it is complete. */
function writeWhole(name, values) {
  try {
    writeFileSync(`${name}.part`, values);
    renameSync(`${name}.part`, name);
  } catch (error) {
    rmSync(`${name}.part`, { force: true });
    throw error;
  }
}

async function main([file, text, out, given, ...others]) {
  if (out === undefined || others.length) fail("usage: node node.js MODEL SEED OUT [CONDITION]");
  const seed = whole("SEED", text);
  const model = readFileSync(file);
  checkChecksum(file, model);
  await start();
  const generator = await Generator.open(model);
  if (!generator.verbs.sample) fail(`no signature that samples in ${file}.`);
  const [count, signature] = generator.verbs.sample.at(-1);
  const seeds = Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? i >> 1 : seed));
  const inputs = { seed: seeds };
  const kind = signature.getInputDetails().find(({ name }) => name === "condition");
  if (!kind !== (given === undefined)) {
    fail(`this model ${kind ? "needs a" : "takes no"} CONDITION.`);
  }
  if (kind) inputs.condition = repeated(given, count, kind);
  const found = await generator.run("sample", inputs);
  for (const [name, values] of Object.entries(found)) {
    writeWhole(`${out}.${name}`, values);
    console.log(`${out}.${name}: ${count} x ${values.length / count}`);
  }
}

if (process.argv[1] === import.meta.filename) {
  main(process.argv.slice(2)).catch((error) => fail(error.message));
}
