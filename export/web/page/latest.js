// Slow work that follows a slider: values that are out of date are skipped.

/** A function that does `work`. For all calls that come meanwhile, it does the work once more. */
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
