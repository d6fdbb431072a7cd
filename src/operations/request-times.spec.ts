import fc from 'fast-check';
import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { RequestTimes } from './request-times.js';

const labels = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  route: fc.constantFrom('/', '/api/users/me', '/api/users/"quoted"'),
  status: fc.constantFrom(200, 404),
});

/** In any order. */
const linesOf = (text: string) => text.split('\n').sort();

it('tells what one histogram with these labels would, here and summed up over processes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(labels, fc.double({ min: 0, max: 20, noNaN: true }))), async (requests) => {
      const ours = new Registry();
      const theirs = new Registry();
      const times = new RequestTimes(ours);
      const [metric] = await ours.getMetricsAsJSON();
      const { name, help } = metric!;
      const histogram = new Histogram({
        name,
        help,
        labelNames: ['method', 'route', 'status'],
        buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
        registers: [theirs],
      });
      for (const [of, seconds] of requests) {
        times.observe(of, seconds);
        histogram.observe(of, seconds);
      }

      expect(linesOf(await ours.metrics())).toEqual(linesOf(await theirs.metrics()));
      const reports = async (registry: Registry) => {
        const report = await registry.getMetricsAsJSON();
        return linesOf(await AggregatorRegistry.aggregate([report, report]).metrics());
      };
      expect(await reports(ours)).toEqual(await reports(theirs));
    }),
  );
});
