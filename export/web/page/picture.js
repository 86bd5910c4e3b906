// Values of images [H, W, C] on canvases.

import { facts } from "./assets.js";

const [height, width, channels] = facts.shape;
const VOICES = ["#e5484d", "#f0a020", "#30a46c", "#3e8ef7", "#a46ce0"];
const STEP = 4; // pixels of the canvas for a step, and for a level, of a piano roll

/** How many numbers an image has. */
export const NUMBERS = height * width * channels;

/** A canvas for an image of the model. */
export function canvas() {
  const made = document.createElement("canvas");
  made.className = "picture";
  return made;
}

/** Paints the image that begins at `start` of `values`. */
export function paint(target, values, start = 0) {
  if (facts.levels) return paintRoll(target, values, start);
  target.width = width;
  target.height = height;
  const image = new ImageData(width, height);
  const scale = 255 / facts.highest;
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < 3; c++) {
      const from = start + pixel * channels + (channels === 3 ? c : 0);
      image.data[4 * pixel + c] = Math.round(scale * values[from]); // The array clamps.
    }
    image.data[4 * pixel + 3] = 255;
  }
  target.getContext("2d").putImageData(image, 0, 0);
}

/** A piano roll of [steps, voices] values: level / (levels - 1), 0 for silence. */
function paintRoll(target, values, start) {
  target.width = STEP * height;
  target.height = STEP * facts.levels;
  const context = target.getContext("2d");
  context.fillRect(0, 0, target.width, target.height);
  for (let step = 0; step < height; step++) {
    for (let voice = 0; voice < width; voice++) {
      const level = Math.round(values[start + step * width + voice] * (facts.levels - 1));
      if (level === 0) continue;
      context.fillStyle = VOICES[voice % VOICES.length];
      context.fillRect(STEP * step, STEP * (facts.levels - 1 - level), STEP, STEP);
    }
  }
}

/** One canvas with all of `canvases`, in about as many columns as rows. */
export function sheet(canvases) {
  const columns = Math.ceil(Math.sqrt(canvases.length));
  const [{ width, height }] = canvases;
  const made = document.createElement("canvas");
  made.width = columns * width;
  made.height = Math.ceil(canvases.length / columns) * height;
  canvases.forEach((one, i) => {
    made.getContext("2d").drawImage(one, (i % columns) * width, Math.floor(i / columns) * height);
  });
  return made;
}
