// The worker of the page: the runtime and the generator, so that the page never waits for them.
//
// Its first message holds gzipped files in base64, {runtime, loader, model, most}; the answer is what
// the generator can do. Each later one is a call {id, verb, inputs}, answered by parts, then by all.

import { loadLiteRt } from "@litertjs/core";

import { Generator } from "../generator.js";

/** The bytes of a gzipped file in base64. */
async function bytes(base64) {
  const text = atob(base64);
  const packed = new Uint8Array(text.length);
  // A loop, because Uint8Array.from takes a second for a model of 10 MB.
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Starts the runtime, without a request to any network. */
async function open({ most, ...files }) {
  const names = ["runtime", "loader", "model"];
  const [wasmBinary, loader, model] = await Promise.all(names.map((name) => bytes(files[name])));
  self.Module = { wasmBinary, print() {}, printErr() {} };
  const script = URL.createObjectURL(new Blob([loader], { type: "text/javascript" }));
  const { warn } = console;
  console.warn = () => {}; // The runtime warns that there is no GPU.
  await loadLiteRt(`${script}#.js`); // An address without .js at its end counts as a folder.
  console.warn = warn;
  return Generator.open(model, most);
}

/** {verb: [[batch size, [details of an input, …]], …]}, what messages can hold of a generator. */
function described({ verbs }) {
  const details = ([size, signature]) => [
    size,
    signature.getInputDetails().map(({ name, shape, dtype }) => ({ name, shape: [...shape], dtype })),
  ];
  return Object.fromEntries(
    Object.entries(verbs).map(([verb, sizes]) => [verb, sizes.map(details)]),
  );
}

let generator;

self.addEventListener("message", async ({ data: { id, verb, inputs, files } }) => {
  try {
    if (files) {
      generator = await open(files);
      postMessage({ verbs: described(generator) });
    } else {
      const found = await generator.run(verb, inputs, (part) => postMessage({ id, part }));
      postMessage({ id, found });
    }
  } catch (error) {
    postMessage({ id, error: error.message });
  }
});
