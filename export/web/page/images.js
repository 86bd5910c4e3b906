// Two images of the user: their reconstructions, and the images between them.

import { facts } from "./assets.js";
import { $ } from "./element.js";
import { latest } from "./latest.js";
import { Pad } from "./pad.js";
import { picker } from "./picker.js";
import { canvas, NUMBERS, paint } from "./picture.js";
import { rows } from "./rows.js";

const STEPS = 7;

export class Images {
  /**
   * @param {function(string, Object)} run - calls a verb
   * @param {function(Float32Array, *)} choose - called with z and condition of a chosen image
   */
  constructor(run, choose) {
    Object.assign(this, { run, choose });
    this.pads = ["a", "b"].map((side) => {
      const changed = latest(() => this.#changed(pad));
      const pad = new Pad(`Image ${side.toUpperCase()}`, changed);
      pad.made = canvas();
      pad.pictures.append(pad.made);
      if (facts.classes) {
        pad.label = picker("Label", facts.classes, changed, facts.names);
        pad.element.append(pad.label);
      }
      $(`pad-${side}`).append(pad.element);
      return pad;
    });
    this.way = Array.from({ length: STEPS }, () => canvas());
    $("way").append(...this.way);
    $("between").addEventListener("input", latest(() => this.#between()));
  }

  /** Shows the first two images, with their labels if the model is conditional. */
  async start(values, labels) {
    for (const [i, pad] of this.pads.entries()) {
      if (pad.label) pad.label.control.value = labels[i];
      pad.values = values.slice(i * NUMBERS, (i + 1) * NUMBERS);
      paint(pad.drawing, pad.values);
      await this.#infer(pad);
    }
    await this.#draw();
  }

  /** Gives both images another label. */
  async relabel(label) {
    for (const pad of this.pads) {
      pad.label.control.value = label;
      await this.#infer(pad);
    }
    await this.#draw();
  }

  async #changed(pad) {
    await this.#infer(pad);
    await this.#draw();
    await this.choose(pad.z, pad.condition);
  }

  async #infer(pad) {
    const label = facts.classes ? { condition: Int32Array.of(pad.label.control.value) } : {};
    const { loc, code } = await this.run("encode", { x: pad.x, ...label });
    pad.z = loc ?? code;
    pad.condition = facts.visible ? pad.x : label.condition;
    paint(pad.made, (await this.#decode([pad.z], [pad.condition])).image);
  }

  #decode(latents, conditions) {
    const count = latents.length;
    return this.run("decode", {
      z: rows(count, (i) => latents[i]),
      ...(conditions[0] && { condition: rows(count, (i) => conditions[i]) }),
    });
  }

  #mixed(share) {
    const [a, b] = this.pads;
    const mixed = a.z.map((value, i) => value + share * (b.z[i] - value));
    // A label among the latents can't be mixed: it is that of the nearer image.
    if (facts.clusters) mixed.set((share < 0.5 ? a : b).z.subarray(0, facts.clusters.length));
    return mixed;
  }

  async #draw() {
    const [a, b] = this.pads;
    if (!a.z || !b.z) return;
    const shares = Array.from({ length: STEPS }, (_, i) => i / (STEPS - 1));
    const given = shares.map((share) => (share < 0.5 ? a : b).condition);
    const { image } = await this.#decode(shares.map((share) => this.#mixed(share)), given);
    this.way.forEach((target, i) => paint(target, image, i * NUMBERS));
  }

  async #between() {
    const share = $("between").valueAsNumber;
    await this.choose(this.#mixed(share), this.pads[share < 0.5 ? 0 : 1].condition);
  }
}
