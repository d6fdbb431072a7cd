import fc from 'fast-check';
import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { RequestTimes } from './request-times.js';

const labels = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  route: fc.constantFrom('/', '/api/users/me', '/api/users/"quoted"'),
  status: fc.constantFrom(200, 404),
});

const seconds = fc.oneof(
  fc.double({ min: 0, max: 20, noNaN: true }),
  fc.constantFrom(0, 0.001, 0.0025, 0.05, 1, 10, 10.000001),
);

/** In any order. */
const linesOf = (text: string) => text.split('\n').sort();

it('tells what one histogram with these labels would, here and summed up over processes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(labels, seconds)), async (requests) => {
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
      for (const [of, taken] of requests) {
        times.observe(of, taken);
        histogram.observe(of, taken);
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
