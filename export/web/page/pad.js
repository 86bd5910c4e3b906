// A frame to draw into, to drop an image on, or to choose one for.

import { facts } from "./assets.js";
import { canvas, NUMBERS, paint } from "./picture.js";

const [height, width, channels] = facts.shape;
const VEIL = "#8a90a4b3"; // colour over pixels that don't count
const BRUSH = 0.06; // radius of the brush, as a share of the image's longer side

export class Pad {
  /**
   * @param {string} title
   * @param {function()} changed - called when there is another image
   * @param {boolean[][]} counts - which pixels [H, W] count; by default all
   */
  constructor(title, changed, counts) {
    this.counts = counts;
    this.values = new Float32Array(NUMBERS);
    this.changed = changed;
    this.drawing = canvas();
    this.drawing.classList.add("drawing");
    this.drawing.setAttribute("role", "img");
    this.drawing.setAttribute("aria-label", `${title}: draw here`);
    const file = document.createElement("input");
    file.type = "file";
    file.accept = "image/*";
    file.hidden = true;
    file.addEventListener("change", () => file.files[0] && this.#read(file.files[0]));
    this.element = document.createElement("div");
    this.element.className = "pad";
    const heading = document.createElement("h3");
    heading.textContent = title;
    this.pictures = row(this.drawing);
    const buttons = row(
      button("Choose image", () => file.click()),
      button("Invert", () => this.set(this.values.map((value) => facts.highest - value))),
      button("Clear", () => this.set(new Float32Array(NUMBERS))),
    );
    this.element.append(heading, this.pictures, buttons, file);
    this.#listen();
    this.#paint();
  }

  /** The image as the model is given it: black and white for models of black and white. */
  get x() {
    return facts.binary ? this.values.map((value) => (value >= 0.5 ? 1 : 0)) : this.values;
  }

  /** Takes other values [H, W, C]. */
  set(values) {
    this.values = values;
    this.#paint();
    this.changed();
  }

  #paint() {
    paint(this.drawing, this.values);
    const context = this.drawing.getContext("2d");
    context.fillStyle = VEIL;
    this.counts?.forEach((line, row) =>
      line.forEach((counts, column) => counts || context.fillRect(column, row, 1, 1)),
    );
  }

  #listen() {
    const { drawing, element } = this;
    const move = (event) => {
      if (!event.buttons) return;
      const box = drawing.getBoundingClientRect();
      this.#dab(
        ((event.clientX - box.left) / box.width) * width,
        ((event.clientY - box.top) / box.height) * height,
      );
    };
    drawing.addEventListener("pointerdown", (event) => {
      drawing.setPointerCapture(event.pointerId);
      move(event);
    });
    drawing.addEventListener("pointermove", move);
    element.addEventListener("dragover", (event) => {
      event.preventDefault();
      element.classList.add("over");
    });
    element.addEventListener("dragleave", () => element.classList.remove("over"));
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      element.classList.remove("over");
      if (event.dataTransfer.files[0]) this.#read(event.dataTransfer.files[0]);
    });
  }

  /** A soft dot of the brush at a point, in pixels of the image. */
  #dab(x, y) {
    const radius = Math.max(0.75, BRUSH * Math.max(width, height));
    const values = this.values.slice();
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const ink = facts.highest * Math.min(1, Math.max(0, radius + 0.5 - distance));
        for (let c = 0; c < channels; c++) {
          const at = (row * width + column) * channels + c;
          values[at] = Math.max(values[at], ink);
        }
      }
    }
    this.set(values);
  }

  /** Takes the middle of an image file, in the model's size. */
  async #read(file) {
    const bitmap = await createImageBitmap(file).catch(() => null);
    if (!bitmap) return alert(`${file.name} is no image that this browser can read.`);
    const surface = document.createElement("canvas");
    surface.width = width;
    surface.height = height;
    const context = surface.getContext("2d", { willReadFrequently: true });
    const scale = Math.max(width / bitmap.width, height / bitmap.height);
    const [w, h] = [scale * bitmap.width, scale * bitmap.height];
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
    const { data } = context.getImageData(0, 0, width, height);
    const values = new Float32Array(NUMBERS);
    for (let pixel = 0; pixel < width * height; pixel++) {
      const [red, green, blue] = data.subarray(4 * pixel, 4 * pixel + 3);
      const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
      for (let c = 0; c < channels; c++) {
        const level = channels === 3 ? [red, green, blue][c] : grey;
        values[pixel * channels + c] = (facts.highest * level) / 255;
      }
    }
    this.set(values);
  }
}

export function button(text, clicked) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", clicked);
  return made;
}

function row(...parts) {
  const made = document.createElement("div");
  made.className = "row";
  made.append(...parts);
  return made;
}
