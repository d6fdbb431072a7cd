import { SupervisorLink } from '../../dist/src/workers/supervisor-link.js';

/** A worker that behaves as WORKER_MOOD says, and tells on standard output what it hears. */
const mood = process.env.WORKER_MOOD;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const block = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

if (mood === 'dies') {
  process.exit(7);
}
if (mood === 'starts-slowly') {
  block(4_000);
}
const link = new SupervisorLink({
  serve() {
    void link.tell({ kind: 'serving' });
    if (mood === 'dies-later') {
      setTimeout(() => process.exit(7), 50);
    }
    if (mood === 'blocks') {
      setTimeout(() => block(20_000), 50);
    }
    if (mood === 'is-busy') {
      setInterval(() => block(500), 1);
    }
    if (mood === 'talks-nonsense') {
      link.askMetrics().then(
        (text) => say({ message: 'metrics', text }),
        (error) => say({ message: 'no metrics', reason: error.message }),
      );
    }
  },
  drain() {
    if (mood === 'drains-long') {
      setTimeout(() => process.exit(0), 3_000);
    } else if (mood !== 'stubborn') {
      process.exit(0);
    }
  },
  reportMetrics: async () =>
    mood === 'talks-nonsense' ? [{ name: 'nonsense', type: 'counter', aggregator: 'none such', values: [] }] : [],
});
