// What the page carries in itself: facts of the model, the runtime and the generator.

import { loadLiteRt } from "@litertjs/core";

import { Generator } from "../generator.js";
import { $ } from "./element.js";

/** What export/page.py says of the model. */
export const facts = JSON.parse($("facts").textContent);

/** The bytes that stand in the page gzipped, in base64. */
async function bytes(id) {
  const text = atob($(id).textContent);
  const packed = new Uint8Array(text.length);
  // Uint8Array.from takes a second for a model of 10 MB.
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Starts the runtime, without a request to anywhere. */
export async function open() {
  const [wasmBinary, loader, model] = await Promise.all(["runtime", "loader", "model"].map(bytes));
  self.Module = { wasmBinary, print() {}, printErr() {} };
  const script = URL.createObjectURL(new Blob([loader], { type: "text/javascript" }));
  const { warn } = console;
  console.warn = () => {}; // It warns that there is no GPU.
  await loadLiteRt(`${script}#.js`); // The runtime takes what doesn't end so for a folder.
  console.warn = warn;
  return Generator.open(model);
}
