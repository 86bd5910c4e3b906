// Seed, temperature and label: in the page's link, so that it can be shared.

import { facts } from "./assets.js";

const START = { seed: 7, temperature: 1, label: facts.classes ? "each" : null };

/** What the link says, and where it says nothing sensible, what the page starts with. */
export function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  const state = { ...START };
  const seed = Number(given.get("seed") ?? NaN);
  if (seed === (seed | 0)) state.seed = seed;
  const temperature = Number(given.get("temperature") ?? NaN);
  if (temperature >= 0) state.temperature = temperature;
  const label = Number(given.get("label") ?? NaN);
  if (facts.classes && Number.isInteger(label) && label >= 0 && label < facts.classes) {
    state.label = label;
  }
  return state;
}

/** Puts into the link what isn't as at the start. */
export function write(state) {
  const changed = Object.entries(state).filter(([k, value]) => k === "seed" || value !== START[k]);
  history.replaceState(null, "", `#${new URLSearchParams(changed)}`);
}
