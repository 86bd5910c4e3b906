// What the page carries in itself: facts of the model, the runtime and the generator.

import { loadLiteRt } from "@litertjs/core";

import { Generator } from "../generator.js";
import { $ } from "./element.js";

/** What export/page.py says of the model. */
export const facts = JSON.parse($("facts").textContent);

/** The bytes that stand in the page gzipped, in base64. */
async function bytes(id) {
  const packed = Uint8Array.from(atob($(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Starts the runtime, without a request to anywhere. */
export async function open() {
  const [wasmBinary, loader, model] = await Promise.all(["runtime", "loader", "model"].map(bytes));
  self.Module = { wasmBinary, print() {}, printErr() {} };
  const script = URL.createObjectURL(new Blob([loader], { type: "text/javascript" }));
  await loadLiteRt(`${script}#.js`); // The runtime takes what doesn't end so for a folder.
  return Generator.open(model);
}
