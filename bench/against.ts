import { LoadGenerator } from './load/load-generator.js';
import { interleave, type Effort } from './measuring/interleave.js';
import { httpSide } from './measuring/side.js';
import type { Options } from './options.js';
import type { Resources } from './processes/resources.js';
import { BareFastify } from './processes/servers.js';
import { ask } from './processes/ask.js';
import { byRate, type Line } from './rows/row.js';
import { textOf } from './rows/requests.js';

/**
 * Any other server under the same load, beside bare Fastify that answers with the same bytes: ratios to that can be
 * compared from one machine to the next.
 */
export async function measureAgainst(
  { url, connections, rate, ...question }: NonNullable<Options['against']>,
  effort: Effort,
  resources: Resources,
): Promise<Line> {
  const generator = resources.hold(new LoadGenerator());
  const answer = await ask(url, question);
  const { hostname, port, host } = new URL(url);
  const load = {
    requests: [textOf({ ...question, headers: { host, ...question.headers } })],
    connections,
    expectedStatus: answer.status,
    ...(rate === undefined ? {} : { rate }),
  };
  const sides = await interleave(effort, resources, async (opened) => ({
    other: httpSide(generator, { host: hostname, port: Number(port || 80) }, load),
    bare: httpSide(generator, opened.hold(await BareFastify.start(question, answer)), load),
  }));
  return {
    ...byRate(sides.other, sides.bare),
    work: `\`${question.method} ${url}${question.path}\`, ${connections} connections, status ${answer.status}`,
    against: 'bare Fastify, same bytes',
  };
}
