// The inputs of several images, in one array.

/** One array of row(0), row(1), …, row(count - 1). */
export function rows(count, row) {
  const first = row(0);
  const all = new first.constructor(count * first.length);
  for (let i = 0; i < count; i++) all.set(row(i), i * first.length);
  return all;
}
