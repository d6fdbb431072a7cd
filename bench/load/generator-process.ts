import type { LoadPlan } from './plan.js';
import { runLoad } from './run-load.js';

/** The load generator, a process of its own: asked for one load after the other, until nobody is there to ask. */
process.on('message', (plan: LoadPlan) => {
  void runLoad(plan).then((result) => process.send!(result));
});
process.on('disconnect', () => process.exit());
// Ctrl-C is for the program that asks; it disconnects when it has put everything in order.
process.on('SIGINT', () => undefined);
