// Work that can't keep up with a slider skips what is out of date.

/** A function that does `work`; calls while it is at it make it do so once more, for all of them. */
export function latest(work) {
  let running;
  let again = false;
  return () => {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      try {
        do {
          again = false;
          await work();
        } while (again);
      } finally {
        running = undefined;
      }
    })();
    return running;
  };
}
