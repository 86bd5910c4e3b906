// A choice among numbered things: labels, or clusters.

/** A <label> around a <select> (its `control`) of 0 .. count - 1. */
export function picker(title, count, picked) {
  const select = document.createElement("select");
  for (let k = 0; k < count; k++) select.append(new Option(k, k));
  select.addEventListener("change", () => picked(Number(select.value)));
  const label = document.createElement("label");
  label.append(title, select);
  return label;
}
