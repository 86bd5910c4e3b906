// The page of an exported generator.

import { facts, open } from "./assets.js";
import { $ } from "./element.js";
import { Images } from "./images.js";
import { Latents } from "./latents.js";
import { NUMBERS } from "./picture.js";
import { Samples } from "./samples.js";

/** Shows how many images of a call there are, once it takes several steps. */
function showProgress({ start, count, outputs }) {
  const done = start + (outputs.image ? outputs.image.length / NUMBERS : count);
  Object.assign($("progress"), { max: count, value: done, hidden: done === count });
}

async function main() {
  const generator = await open();
  const run = async (verb, inputs, each = () => {}) => {
    const start = performance.now();
    const found = await generator.run(verb, inputs, (part) => {
      showProgress(part);
      each(part);
    });
    const images = found.image ? found.image.length / NUMBERS : 1;
    $("speed").textContent = `${verb}: ${((performance.now() - start) / images).toFixed(2)} ms`;
    return found;
  };
  $("size").textContent = facts.size;
  const latents = new Latents(run);
  const choose = (z, condition) => latents.set(z, condition);
  if (latents.z) await latents.draw();
  let samples, images;
  const given = (condition) => {
    latents.set(latents.z, condition);
    if (facts.classes) images?.relabel(condition[0]);
  };
  if (generator.verbs.sample_with_temperature) {
    samples = new Samples(run, choose, given);
    $("samples").hidden = false;
    await samples.draw();
    if (!latents.z) await choose(samples.found.z.slice(0, facts.latents), samples.condition(0));
  }
  $("latents").hidden = false;
  if (generator.verbs.encode && !facts.levels) {
    images = new Images(run, choose);
    $("images").hidden = false;
    const zeros = new Float32Array(2 * NUMBERS);
    const labels = [0, 1].map((i) => samples?.condition(i)?.[0] ?? 0);
    await images.start(samples ? samples.found.image : zeros, labels);
  }
  $("starting").remove();
  // Tests read these, and so may anyone in the browser's console.
  Object.assign(window, { generator, ready: performance.now() });
}

main().catch((error) => {
  $("starting").textContent = `This page can't run here: ${error.message}`;
  throw error;
});
