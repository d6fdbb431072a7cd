import { LoadGenerator } from './load/load-generator.js';
import { interleave, type Effort } from './measuring/interleave.js';
import { httpSide } from './measuring/side.js';
import type { Options } from './options.js';
import type { Resources } from './processes/resources.js';
import { BareFastify } from './processes/servers.js';
import { ask } from './processes/ask.js';
import { byRate, type Line } from './rows/row.js';

/**
 * Any other server under the same load, beside bare Fastify that answers with the same bytes: ratios to that can be
 * compared from one machine to the next.
 */
export async function measureAgainst(
  { url, rate, ...question }: NonNullable<Options['against']>,
  { connections, ...effort }: Effort & Pick<Options, 'connections'>,
  resources: Resources,
): Promise<Line> {
  const generator = resources.hold(new LoadGenerator());
  const { hostname, port, host } = new URL(url);
  const server = { host: hostname, port: Number(port || 80) };
  const asked = { ...question, headers: { host, ...question.headers } };
  const answer = await ask(server, asked);
  const load = {
    questions: [asked],
    right: { status: answer.status, body: '' },
    connections,
    ...(rate === undefined ? {} : { rate }),
  };
  const sides = await interleave(effort, resources, async (opened) => ({
    other: httpSide(generator, server, load),
    bare: httpSide(generator, opened.hold(await BareFastify.start(question, answer)), load),
  }));
  return {
    ...byRate(sides.other, sides.bare),
    work: `\`${question.method} ${url}${question.path}\`, status ${answer.status}`,
    against: 'bare Fastify, same bytes',
  };
}
