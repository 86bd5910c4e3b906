// One image and its latents: sliders for those that matter most, or a point in a plane. Of layers of
// maps, a slider for each size draws the details of this size anew.

import { facts } from "./assets.js";
import { $ } from "./element.js";
import { latest } from "./latest.js";
import { picker } from "./picker.js";
import { NUMBERS, canvas, paint } from "./picture.js";
import { rows } from "./rows.js";

const SLIDERS = 8;
const REACH = 3; // standard deviations of the prior
const SIDE = 15; // images on a side of the plane
const STEP = 0.1; // standard deviations that an arrow key moves the point
const VARIATIONS = 20; // of the details of one size

/** The label that the first latents stand for. */
function cluster(z) {
  const label = z.subarray(0, facts.clusters.length);
  return label.indexOf(Math.max(...label));
}

export class Latents {
  /** @param {function(string, Object)} run - calls a verb */
  constructor(run) {
    this.run = run;
    this.draw = latest(() => this.#draw());
    // Where z is layers of maps, it comes from a sample.
    this.z = facts.sizes ? undefined : Float32Array.from((facts.clusters?.[0] ?? facts).loc);
    this.condition = facts.classes ? Int32Array.of(0) : facts.visible && new Float32Array(NUMBERS);
    if (facts.classes) {
      const picked = (k) => this.set(this.z, Int32Array.of(k));
      this.label = picker("Label", facts.classes, picked, facts.names);
      $("latents-controls").prepend(this.label);
    }
    if (facts.clusters) {
      this.cluster = picker("Cluster", facts.clusters.length, (k) =>
        this.set(Float32Array.from(facts.clusters[k].loc)),
      );
      $("latents-controls").prepend(this.cluster);
    }
    if (facts.sizes) return this.#sizes();
    if (facts.order.length === 2 && !facts.clusters) this.#plane();
    else this.#sliders();
    $("centre").addEventListener("click", () => this.set(Float32Array.from(this.#prior.loc)));
  }

  /** A slider for each size of maps, the coarsest first. */
  #sizes() {
    this.sizes = facts.sizes.map(({ name, layers }) => {
      const label = document.createElement("label");
      const slider = document.createElement("input");
      Object.assign(slider, { type: "range", min: 0, max: VARIATIONS, step: 1, value: 0 });
      slider.addEventListener("input", this.draw);
      label.append(name, slider);
      $("handles").append(label);
      return [layers, slider];
    });
    $("sizes-hint").hidden = false;
    $("centre").textContent = "Back to the sample";
    $("centre").addEventListener("click", () => this.set(this.z));
  }

  /** The image of z, its details drawn anew where a slider of sizes says so. */
  async #image() {
    const condition = this.condition && { condition: this.condition };
    let found;
    for (const [layers, slider] of this.sizes ?? []) {
      if (slider.valueAsNumber === 0) continue;
      found = await this.run("vary", {
        z: found?.z ?? this.z,
        seed: Int32Array.of(slider.valueAsNumber, layers),
        temperature: $("temperature").valueAsNumber,
        num_layers: layers,
        ...condition,
      });
    }
    return (found ?? (await this.#decode(this.z))).image;
  }

  /** Mean and deviation of the latents; given the label, if one is among them. */
  get #prior() {
    return facts.clusters?.[cluster(this.z)] ?? facts;
  }

  #sliders() {
    this.sliders = facts.order.slice(0, SLIDERS).map((latent) => {
      const label = document.createElement("label");
      const slider = document.createElement("input");
      Object.assign(slider, { type: "range", step: "any" });
      slider.addEventListener("input", () => {
        this.z[latent] = slider.valueAsNumber;
        this.draw();
      });
      const nats = facts.nats?.[latent];
      label.append(`z${latent}`, slider, nats === undefined ? "" : `${nats.toFixed(2)} nats`);
      $("handles").append(label);
      return [latent, slider];
    });
  }

  #plane() {
    this.plane = canvas();
    this.plane.tabIndex = 0;
    this.plane.setAttribute("role", "application");
    this.plane.setAttribute("aria-label", "Images of all latents: drag, or use the arrow keys");
    $("handles").append(this.plane);
    const [x, y] = facts.loc;
    const [dx, dy] = facts.scale.map((scale) => 2 * REACH * scale);
    this.plane.addEventListener("pointermove", (event) => event.buttons && move(event));
    this.plane.addEventListener("pointerdown", (event) => {
      this.plane.setPointerCapture(event.pointerId);
      move(event);
    });
    const move = (event) => {
      const box = this.plane.getBoundingClientRect();
      const [u, v] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      this.set(Float32Array.of(x + dx * (u - 0.5), y - dy * (v - 0.5)));
    };
    this.plane.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      if (!way[event.key]) return;
      event.preventDefault();
      this.set(this.z.map((value, i) => value + STEP * facts.scale[i] * way[event.key][i]));
    });
  }

  /** The background of the plane: images of a grid of its points. */
  async #background() {
    const along = (i, latent) => {
      return facts.loc[latent] + facts.scale[latent] * 2 * REACH * ((i + 0.5) / SIDE - 0.5);
    };
    // The second latent grows upwards, as the point moves: the first row has its highest values.
    const row = (i) => SIDE - 1 - Math.floor(i / SIDE);
    const point = (i) => Float32Array.of(along(i % SIDE, 0), along(row(i), 1));
    const { image } = await this.#decode(rows(SIDE * SIDE, point));
    const one = canvas();
    const made = document.createElement("canvas");
    for (let i = 0; i < SIDE * SIDE; i++) {
      paint(one, image, i * NUMBERS);
      if (i === 0) [made.width, made.height] = [SIDE * one.width, SIDE * one.height];
      made
        .getContext("2d")
        .drawImage(one, (i % SIDE) * one.width, Math.floor(i / SIDE) * one.height);
    }
    return made;
  }

  #decode(z) {
    const count = z.length / facts.latents;
    return this.run("decode", {
      z,
      ...(this.condition && { condition: rows(count, () => this.condition) }),
    });
  }

  /** Takes other latents, with their condition if the model is conditional. */
  set(z, condition = this.condition) {
    this.condition = condition;
    this.z = z;
    for (const [, slider] of this.sizes ?? []) slider.value = 0;
    return z && this.draw();
  }

  async #draw() {
    paint($("decoded"), await this.#image());
    if (this.label) this.label.control.value = this.condition[0];
    if (this.cluster) this.cluster.control.value = cluster(this.z);
    for (const [latent, slider] of this.sliders ?? []) {
      const { loc, scale } = this.#prior;
      const [middle, reach] = [loc[latent], REACH * scale[latent]];
      Object.assign(slider, { min: middle - reach, max: middle + reach, value: this.z[latent] });
    }
    if (!this.plane) return;
    if (this.behind !== this.condition) {
      const condition = this.condition; // this.condition may change while the images are made.
      this.background = await this.#background();
      this.behind = condition;
    }
    const { width, height } = this.background;
    Object.assign(this.plane, { width, height });
    const context = this.plane.getContext("2d");
    context.drawImage(this.background, 0, 0);
    const [u, v] = this.z.map((z, i) => (z - facts.loc[i]) / (2 * REACH * facts.scale[i]));
    context.lineWidth = width / 60;
    context.strokeStyle = "#e5484d";
    context.beginPath();
    context.arc((0.5 + u) * width, (0.5 - v) * height, width / 30, 0, 2 * Math.PI);
    context.stroke();
  }
}
