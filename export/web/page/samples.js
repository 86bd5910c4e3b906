// Samples of a seed: the same on every device.

import { facts } from "./assets.js";
import { $ } from "./element.js";
import { latest } from "./latest.js";
import { Pad } from "./pad.js";
import { options } from "./picker.js";
import { canvas, NUMBERS, paint, sheet } from "./picture.js";
import { rows } from "./rows.js";
import * as link from "./state.js";

const COUNT = 16;

export class Samples {
  /**
   * @param {function(string, Object)} run - calls a verb
   * @param {function(Float32Array, *)} choose - called with z and condition of a chosen image
   * @param {function(*)} given - called with a condition that the rest of the page should take too
   */
  constructor(run, choose, given) {
    Object.assign(this, { run, given });
    this.draw = latest(() => this.#draw());
    if (facts.visible) {
      const changed = () => {
        this.draw();
        this.given(this.pad.x);
      };
      this.pad = new Pad("Given part", changed, facts.visible);
      $("given").hidden = false;
      $("given").append(this.pad.element);
    }
    this.canvases = Array.from({ length: COUNT }, (_, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(canvas());
      button.addEventListener("click", () => {
        choose(this.found.z.slice(i * facts.latents, (i + 1) * facts.latents), this.condition(i));
      });
      $("grid").append(button);
      return button.firstChild;
    });
    if (facts.classes) {
      $("label-picker").hidden = false;
      $("label-hint").hidden = false;
      $("label").append(new Option("each", "each"), ...options(facts.classes, facts.names));
    }
    $("drawn-picker").hidden = facts.inTurn; // Values in turn are always drawn.
    const parts = new Intl.ListFormat("en").format(link.PARTS);
    $("link").textContent = `${parts}${this.pad ? ", but not the given part" : ""}`;
    this.#read();
    this.#listen();
  }

  #read() {
    this.state = link.read();
    this.#show();
    this.#share();
  }

  /** Makes the controls show the state. */
  #show() {
    const { seed, temperature, label, drawn } = this.state;
    if ($("seed").valueAsNumber !== seed) $("seed").value = seed; // "007" stays while it is typed.
    $("seed").setCustomValidity("");
    $("temperature").value = temperature;
    $("temperature").nextElementSibling.value = temperature.toFixed(2);
    if (facts.classes) $("label").value = label;
    $("drawn").checked = drawn;
  }

  /** If all samples have one label, the other images of the page take it too. */
  #share() {
    if (facts.classes && this.state.label !== "each") this.given(this.condition(0));
  }

  #listen() {
    const change = (part) => {
      Object.assign(this.state, part);
      link.write(this.state);
      this.#show();
      this.draw();
    };
    $("seed").addEventListener("input", () => {
      const seed = $("seed").valueAsNumber;
      $("seed").setCustomValidity(seed === (seed | 0) ? "" : "A whole number of 32 bits, please.");
      if ($("seed").reportValidity()) change({ seed });
    });
    $("next").addEventListener("click", () => change({ seed: (this.state.seed + 1) | 0 }));
    $("temperature").addEventListener("input", () => {
      change({ temperature: $("temperature").valueAsNumber });
    });
    $("label").addEventListener("change", () => {
      change({ label: $("label").value === "each" ? "each" : Number($("label").value) });
      this.#share();
    });
    $("drawn").addEventListener("change", () => change({ drawn: $("drawn").checked }));
    $("save").addEventListener("click", () => this.save());
    addEventListener("hashchange", () => {
      this.#read();
      this.draw();
    });
  }

  /** The condition of the i-th image, as rows of an input; undefined without one. */
  condition(i) {
    if (this.pad) return this.pad.x;
    if (!facts.classes) return undefined;
    return Int32Array.of(this.state.label === "each" ? i % facts.classes : this.state.label);
  }

  async #draw() {
    const { seed, temperature, drawn } = this.state;
    const seeds = Int32Array.from({ length: 2 * COUNT }, (_, i) => (i % 2 ? i >> 1 : seed));
    const inputs = { seed: seeds, temperature };
    if (this.condition(0)) inputs.condition = rows(COUNT, (i) => this.condition(i));
    const name = drawn ? "sample" : "image";
    this.found = await this.run("sample_with_temperature", inputs, ({ start, outputs }) => {
      for (let i = 0; i < outputs[name].length / NUMBERS; i++) {
        paint(this.canvases[start + i], outputs[name], i * NUMBERS);
      }
    });
    this.canvases.forEach((target, i) => {
      const which = `Sample ${i + 1} of seed ${seed}`;
      const label = facts.names ? `, ${facts.names[this.condition(i)[0]]}` : "";
      target.parentElement.setAttribute("aria-label", `${which}${label}: start from it`);
      target.parentElement.title = facts.names?.[this.condition(i)[0]] ?? "";
    });
  }

  save() {
    sheet(this.canvases).toBlob((blob) => {
      const anchor = document.createElement("a");
      anchor.href = URL.createObjectURL(blob);
      anchor.download = `samples-${this.state.seed}.png`;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
    });
  }
}
