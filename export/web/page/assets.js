// What the page carries in itself: facts about the model, the runtime and the generator.

import { loadLiteRt } from "@litertjs/core";

import { Generator } from "../generator.js";
import { $ } from "./element.js";

/** What `facts` in export/web_page.py says about the model. */
export const facts = JSON.parse($("facts").textContent);

/** The bytes of an element of the page, where they stand gzipped in base64. */
async function bytes(id) {
  const text = atob($(id).textContent);
  const packed = new Uint8Array(text.length);
  // A loop, because Uint8Array.from takes a second for a model of 10 MB.
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Starts the runtime, without a request to any network. */
export async function open() {
  const [wasmBinary, loader, model] = await Promise.all(["runtime", "loader", "model"].map(bytes));
  self.Module = { wasmBinary, print() {}, printErr() {} };
  const script = URL.createObjectURL(new Blob([loader], { type: "text/javascript" }));
  const { warn } = console;
  console.warn = () => {}; // The runtime warns that there is no GPU.
  await loadLiteRt(`${script}#.js`); // An address without .js at its end counts as a folder.
  console.warn = warn;
  return Generator.open(model);
}
