const threads = require('node:worker_threads');

/** Loaded into a server: its first thread cannot be started, because there is no such program. */
if (threads.isMainThread) {
  const { Worker } = threads;
  let isFirst = true;
  threads.Worker = class extends Worker {
    constructor(program, options) {
      super(isFirst ? '/nowhere/at-all.js' : program, options);
      isFirst = false;
    }
  };
}
