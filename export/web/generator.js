// Calls an exported generator from JavaScript. A seed gives the same image as in other languages.
//
//   import { Generator } from "./generator.js";
//   const generator = await Generator.open(bytes); // of generator.tflite, after loadLiteRt(…)
//   const { image, z } = await generator.run("sample", { seed: new Int32Array([7, 0, 7, 1]) });

import { loadAndCompile, Tensor } from "@litertjs/core";

export class Generator {
  /** @param {Uint8Array} file - a generator.tflite */
  static async open(file) {
    return new Generator(await loadAndCompile(file, { accelerator: "wasm" }), highestLabel(file));
  }

  constructor(model, highest) {
    this.highest = highest;
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
   *   in one array, one after another; or a number, which counts for all images.
   * @returns {Promise<Object<string, Float32Array>>} outputs by name, rows one after another
   */
  run(verb, inputs) {
    // The runtime can't work on two calls at a time.
    const next = this.last.then(() => this.#run(verb, inputs));
    this.last = next.catch(() => {});
    return next;
  }

  async #run(verb, inputs) {
    const sizes = this.verbs[verb];
    if (!sizes) throw new Error(`this model has no ${verb}, only ${Object.keys(this.verbs)}.`);
    const count = this.#count(verb, sizes[0], inputs);
    const found = {};
    for (let start = 0; start < count; ) {
      const left = count - start;
      const [size, signature] = sizes.find(([size]) => size >= left) ?? sizes.at(-1);
      const taken = Math.min(size, left);
      for (const [name, values] of Object.entries(await call(signature, size, inputs, start))) {
        const row = values.length / size;
        found[name] ??= new values.constructor(row * count);
        found[name].set(values.subarray(0, row * taken), row * start);
      }
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
      const row = length(shape) / size;
      const wanted = shape.length
        ? `an ${TYPES[dtype].name} of ${row} numbers an image`
        : "a number";
      const fits = shape.length
        ? values?.constructor === TYPES[dtype] && values.length > 0 && values.length % row === 0
        : typeof values === "number";
      if (!fits) {
        const got = values?.length === undefined
          ? typeof values
          : `an ${values.constructor.name} of ${values.length}`;
        throw new Error(`${name} of ${verb} must be ${wanted}, got ${got}.`);
      }
      if (!shape.length) continue;
      count ??= values.length / row;
      if (values.length !== count * row) {
        throw new Error(`${name} of ${verb} must be for ${count} images, as the inputs before it.`);
      }
      const isWrong = (label) => label < 0 || label > this.highest;
      if (name === "condition" && dtype === "int32" && values.some(isWrong)) {
        const wanted = `a label from 0 to ${this.highest}`;
        throw new Error(`${name} of ${verb} must be ${wanted}, got ${values.find(isWrong)}.`);
      }
    }
    const unknown = Object.keys(inputs).find((name) => !details.some((d) => d.name === name));
    if (unknown) throw new Error(`${verb} takes no ${unknown}.`);
    return count;
  }
}

/** The highest label that the model card in the file names; without one, the highest int32.
 *
 * The file holds the card as JSON without spaces. */
function highestLabel(file) {
  const found = new TextDecoder("latin1").decode(file).match(/"condition":\[0,(\d+)\]/);
  return found ? Number(found[1]) : 2 ** 31 - 1;
}

const TYPES = { float32: Float32Array, int32: Int32Array };

const length = (shape) => shape.reduce((product, n) => product * n, 1);

/** Calls a signature once, with the rows from `start` on. Zeros fill up the batch. */
async function call(signature, size, inputs, start) {
  const tensors = {};
  for (const { name, shape, dtype } of signature.getInputDetails()) {
    const values = new TYPES[dtype](length(shape));
    if (shape.length) {
      const row = values.length / size;
      values.set(inputs[name].subarray(start * row, (start + size) * row));
    } else {
      values[0] = inputs[name];
    }
    tensors[name] = new Tensor(values, [...shape]);
  }
  const outputs = await signature.run(tensors);
  const found = {};
  for (const [name, tensor] of Object.entries(outputs)) found[name] = await tensor.data();
  for (const tensor of [...Object.values(tensors), ...Object.values(outputs)]) tensor.delete();
  return found;
}
