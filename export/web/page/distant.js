// The generator in the page's worker, called as if it were here.

/** What `Generator` is, but in a worker: `verbs`, `run` and `last`. */
export class DistantGenerator {
  /**
   * @param {string} script - of the worker
   * @param {Object} files - what the worker wants to start, see worker.js
   */
  static async open(script, files) {
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    const { verbs } = await new Promise((resolve, reject) => {
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
      worker.postMessage({ files });
    });
    return new DistantGenerator(worker, verbs);
  }

  constructor(worker, verbs) {
    Object.assign(this, { worker, verbs, calls: new Map(), number: 0, last: Promise.resolve() });
    worker.onmessage = ({ data: { id, part, found, error } }) => {
      const { resolve, reject, each } = this.calls.get(id);
      if (part) return each(part);
      this.calls.delete(id);
      return error === undefined ? resolve(found) : reject(new Error(error));
    };
  }

  /** As `Generator.run`. */
  run(verb, inputs, each = () => {}) {
    const id = this.number++;
    const next = new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject, each });
      this.worker.postMessage({ id, verb, inputs });
    });
    this.last = next.catch(() => {});
    return next;
  }
}
