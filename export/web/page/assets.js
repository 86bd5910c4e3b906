// What the page carries in itself: facts about the model, the runtime and the generator.

import { DistantGenerator } from "./distant.js";
import { $ } from "./element.js";

/** What `facts` in export/web_page.py says about the model. */
export const facts = JSON.parse($("facts").textContent);

/** Starts the generator in a worker. Models of many layers make one image at a time. */
export function open() {
  const names = ["runtime", "loader", "model"];
  const files = Object.fromEntries(names.map((name) => [name, $(name).textContent]));
  const most = facts.sizes ? 1 : Infinity;
  return DistantGenerator.open($("worker").textContent, { ...files, most });
}
