// Calls an exported generator from JavaScript. A seed gives the same image as in other languages.
//
//   import { Generator } from "./generator.js";
//   const generator = await Generator.open(bytes); // of generator.tflite, after loadLiteRt(…)
//   const { image, z } = await generator.run("sample", { seed: new Int32Array([7, 0, 7, 1]) });

import { loadAndCompile, Tensor } from "@litertjs/core";

export class Generator {
  /**
   * @param {Uint8Array} file - a generator.tflite
   * @param {number} most - images that a call of the runtime may make, where the file has such a
   *   batch size: 1 shows the images of a slow model as they come
   */
  static async open(file, most = Infinity) {
    const model = await loadAndCompile(file, { accelerator: "wasm" });
    return new Generator(model, rangesIn(file), most);
  }

  constructor(model, ranges, most) {
    this.ranges = ranges;
    this.most = most;
    this.verbs = {}; // {verb: [[batch size, signature], …]}, the smallest first
    for (const [name, signature] of Object.entries(model.signatures)) {
      const [, verb, size] = name.match(/^(.*)_(\d+)$/);
      (this.verbs[verb] ??= []).push([Number(size), signature]);
    }
    for (const sizes of Object.values(this.verbs)) sizes.sort(([a], [b]) => a - b);
    this.last = Promise.resolve();
  }

  /**
   * Calls a verb: sample, decode, encode, … (the export's README.md lists them).
   *
   * @param {string} verb
   * @param {Object<string, Float32Array|Int32Array|number>} inputs - by name: the rows of all images
   *   in one array, one after another; or a number, which counts for all images. The temperature may
   *   be a Float32Array of one number for each layer of latents.
   * @param {function(Object)} each - called with {start, count, outputs} as soon as there are outputs
   *   of some of the `count` images, those from the one numbered `start` on
   * @returns {Promise<Object<string, Float32Array>>} outputs by name, rows one after another
   */
  run(verb, inputs, each = () => {}) {
    // The runtime can't work on two calls at a time.
    const next = this.last.then(() => this.#run(verb, inputs, each));
    this.last = next.catch(() => {});
    return next;
  }

  async #run(verb, inputs, each) {
    const all = this.verbs[verb];
    if (!all) throw new Error(`this model has no ${verb}, only ${Object.keys(this.verbs)}.`);
    const count = this.#count(verb, all[0], inputs);
    const sizes = all.filter(([size], i) => i === 0 || size <= this.most);
    const found = {};
    for (let start = 0; start < count; ) {
      const left = count - start;
      const [size, signature] = sizes.find(([size]) => size >= left) ?? sizes.at(-1);
      const taken = Math.min(size, left);
      const outputs = await call(signature, size, inputs, start);
      for (const [name, values] of Object.entries(outputs)) {
        const row = values.length / size;
        outputs[name] = values.subarray(0, row * taken);
        found[name] ??= new values.constructor(row * count);
        found[name].set(outputs[name], row * start);
      }
      each({ start, count, outputs });
      start += taken;
    }
    return found;
  }

  /** How many images `inputs` are for. Throws unless they are what the signature takes. */
  #count(verb, [size, signature], inputs) {
    let count;
    const details = signature.getInputDetails();
    for (const { name, shape, dtype } of details) {
      const values = inputs[name];
      const isShared = SHARED.includes(name);
      const row = isShared ? length(shape) : length(shape) / size;
      const several = `an ${TYPES[dtype].name} of ${row} numbers`;
      const wanted = !isShared
        ? `${several} an image`
        : `a number${shape.length ? ` or ${several}` : ""}`;
      const isRows = values?.constructor === TYPES[dtype] && values.length > 0;
      const fits = isShared
        ? typeof values === "number" || (shape.length && isRows && values.length === row)
        : isRows && values.length % row === 0;
      if (!fits) {
        const got = values?.length === undefined
          ? typeof values
          : `an ${values.constructor.name} of ${values.length}`;
        throw new Error(`${name} of ${verb} must be ${wanted}, got ${got}.`);
      }
      const isLabel = name === "condition" && dtype === "int32";
      const [lowest, highest] = this.ranges[name] ?? [isLabel ? 0 : null, isLabel ? MOST : null];
      const numbers = typeof values === "number" ? [values] : values;
      const isWrong = (number) =>
        !Number.isFinite(number) || number < (lowest ?? -Infinity) || number > (highest ?? Infinity)
        || (dtype === "int32" && !Number.isInteger(number));
      if (numbers.some(isWrong)) {
        const from = lowest === null ? "" : ` from ${lowest} ${highest === null ? "on" : `to ${highest}`}`;
        const kind = isLabel ? "a label" : dtype === "int32" ? "whole numbers" : "finite numbers";
        throw new Error(`${name} of ${verb} must be ${kind}${from}, got ${numbers.find(isWrong)}.`);
      }
      if (isShared) continue;
      count ??= values.length / row;
      if (values.length !== count * row) {
        throw new Error(`${name} of ${verb} must be for ${count} images, as the inputs before it.`);
      }
    }
    const unknown = Object.keys(inputs).find((name) => !details.some((d) => d.name === name));
    if (unknown) throw new Error(`${verb} takes no ${unknown}.`);
    return count;
  }
}

/** {name: [lowest, highest]} as the model card in the file says; {} without a card.
 *
 * The file holds the card as JSON without spaces. */
function rangesIn(file) {
  const found = new TextDecoder("latin1").decode(file).match(/"ranges":(\{[^{}]*\})/);
  return found ? JSON.parse(found[1]) : {};
}

const MOST = 2 ** 31 - 1;

// The inputs that count for all images.
const SHARED = ["temperature", "num_layers"];

const TYPES = { float32: Float32Array, int32: Int32Array };

const length = (shape) => shape.reduce((product, n) => product * n, 1);

/** Calls a signature once, with the rows from `start` on. Zeros fill up the batch. */
async function call(signature, size, inputs, start) {
  const tensors = {};
  for (const { name, shape, dtype } of signature.getInputDetails()) {
    const values = new TYPES[dtype](length(shape));
    if (typeof inputs[name] === "number") {
      values.fill(inputs[name]);
    } else if (SHARED.includes(name)) {
      values.set(inputs[name]);
    } else {
      const row = values.length / size;
      values.set(inputs[name].subarray(start * row, (start + size) * row));
    }
    tensors[name] = new Tensor(values, [...shape]);
  }
  const outputs = await signature.run(tensors);
  const found = {};
  for (const [name, tensor] of Object.entries(outputs)) found[name] = await tensor.data();
  for (const tensor of [...Object.values(tensors), ...Object.values(outputs)]) tensor.delete();
  return found;
}
