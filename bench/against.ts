import { LoadGenerator } from './load/load-generator.js';
import { interleave, type Effort } from './measuring/interleave.js';
import { httpSide } from './measuring/side.js';
import type { OtherServer } from './other-server.js';
import { ask } from './processes/ask.js';
import type { Resources } from './processes/resources.js';
import { BareFastify } from './processes/servers.js';
import { byRate, type Line } from './rows/row.js';

/**
 * Any other server under the load of our rows, beside bare Fastify that answers with the same bytes: ratios to that can be
 * compared from one machine to the next.
 *
 * @param rate requests per second; unset: as many as are answered
 */
export async function measureAgainst(
  { address, questions, name }: OtherServer,
  { launches, rounds, seconds, connections, rate }: Effort & { connections: number; rate: number | undefined },
  resources: Resources,
): Promise<Line> {
  const generator = resources.hold(new LoadGenerator());
  const question = questions[0]!;
  const answer = await ask(address, question);
  const right = { status: answer.status, body: '' };
  const load = { questions, right, connections, ...(rate === undefined ? {} : { rate }) };
  const sides = await interleave({ launches, rounds, seconds }, resources, async (opened) => ({
    other: httpSide(generator, address, load),
    bare: httpSide(generator, opened.hold(await BareFastify.start(question, answer)), load),
  }));
  return {
    ...byRate(sides.other, sides.bare),
    work: [`\`${name}\``, ...credentialsOf(questions), `status ${answer.status}`].join(', '),
    against: 'bare Fastify, same bytes',
  };
}

function credentialsOf({ length }: OtherServer['questions']): string[] {
  return length > 1 ? [`${length.toLocaleString('en-US')} credentials`] : [];
}
