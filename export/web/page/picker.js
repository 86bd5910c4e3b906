// A choice among numbered things: labels, or clusters.

/** Options of 0 .. count - 1, shown by their names where they have some. */
export function options(count, names) {
  return Array.from({ length: count }, (_, k) => new Option(names?.[k] ?? k, k));
}

/** A <label> around a <select> (its `control`) of 0 .. count - 1; see `options`. */
export function picker(title, count, picked, names) {
  const select = document.createElement("select");
  select.append(...options(count, names));
  select.addEventListener("change", () => picked(Number(select.value)));
  const label = document.createElement("label");
  label.append(title, select);
  return label;
}
