// What the page's link holds, so that it can be shared.

import { facts } from "./assets.js";
import { $ } from "./element.js";

const START = {
  seed: 7,
  temperature: 1,
  ...(facts.classes && { label: "each" }),
  ...(!facts.inTurn && { drawn: false }),
};

/** The parts of the link, in words. */
export const PARTS = Object.keys(START).map((name) => (name === "drawn" ? "drawn pixels" : name));

/** The state that the link holds. A part that is missing or makes no sense is as at the start. */
export function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  const state = { ...START };
  const seed = Number(given.get("seed") ?? NaN);
  if (seed === (seed | 0)) state.seed = seed;
  const temperature = Number(given.get("temperature") ?? NaN);
  if (Number.isFinite(temperature)) {
    $("temperature").value = temperature; // The slider moves it into its range.
    state.temperature = $("temperature").valueAsNumber;
  }
  const label = Number(given.get("label") ?? NaN);
  if (facts.classes && Number.isInteger(label) && label >= 0 && label < facts.classes) {
    state.label = label;
  }
  if (!facts.inTurn && given.get("drawn") === "true") state.drawn = true;
  return state;
}

/** Writes the seed, and what differs from the start, into the link. */
export function write(state) {
  const changed = Object.entries(state).filter(([k, value]) => k === "seed" || value !== START[k]);
  history.replaceState(null, "", `#${new URLSearchParams(changed)}`);
}
