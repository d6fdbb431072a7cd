import { measureAgainst } from './against.js';
import { BenchPostgres } from './database/bench-postgres.js';
import { DOCUMENT, writeResults } from './document.js';
import { LoadGenerator } from './load/load-generator.js';
import { machine } from './machine.js';
import { interleave } from './measuring/interleave.js';
import { HelpWanted, USAGE, readOptions, type Options } from './options.js';
import { measureProfile } from './profile/measure-profile.js';
import { profileTable } from './profile/profile-table.js';
import { Resources } from './processes/resources.js';
import { effortInWords, tableOf, wrongAnswers, wrongIn } from './report.js';
import { charges } from './rows/charges.js';
import { forged } from './rows/forged.js';
import { list } from './rows/list.js';
import { login } from './rows/login.js';
import { me } from './rows/me.js';
import { memory } from './rows/memory.js';
import { read } from './rows/read.js';
import type { Bench, Line, Row } from './rows/row.js';
import { scale } from './rows/scale.js';
import { start } from './rows/start.js';
import { storm } from './rows/storm.js';
import { UnusableOptions } from './unusable-options.js';

/**
 * `npm run bench`: measures what docs/performance.md promises, each row beside its reference. Exits with 0 whatever the
 * times are, and with 1 when an answer was wrong.
 */
const ROWS: Row[] = [me, forged, scale, read, charges, login, storm, list, start, memory];

const resources = new Resources();
let isInterrupted = false;
const interrupt = () => {
  isInterrupted = true;
  void resources.stop().then(() => process.exit(130));
};
process.once('SIGINT', interrupt);
process.once('SIGTERM', interrupt);
// Nobody is reading any more.
process.stdout.once('error', interrupt);
process.stderr.once('error', interrupt);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isInterrupted) {
    process.exitCode = explain(error);
  }
} finally {
  await resources.stop();
}

function explain(error: unknown): number {
  if (error instanceof HelpWanted) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (error instanceof UnusableOptions) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  process.stderr.write(`${String(error)}\n`);
  return 1;
}

async function main(argv: string[]): Promise<number> {
  const options = readOptions(
    argv,
    ROWS.map(({ name }) => name),
  );
  const { text, wrong } = await results(options);
  process.stdout.write(`\n${text}\n`);
  wrong.forEach((line) => process.stdout.write(`WRONG: ${line}\n`));
  if (options.isForTheDocument && wrong.length === 0) {
    await writeResults(text);
    process.stderr.write(`bench: the results are in ${DOCUMENT}\n`);
  }
  return wrong.length === 0 ? 0 : 1;
}

/** In Markdown, and what was answered wrongly. */
async function results(options: Options): Promise<{ text: string; wrong: string[] }> {
  if (options.against) {
    const { server, rate } = options.against;
    const lines = [await measureAgainst(server, { ...options, rate }, resources)];
    return { text: `${tableOf(lines)}\n\n${machine()}. ${effortInWords(options, [])}`, wrong: wrongAnswers(lines) };
  }
  const postgres = await resources.holdStarting(BenchPostgres.start());
  const measuredOn = `${machine()}, PostgreSQL ${postgres.version}`;
  if (options.isProfile) {
    const { work, shares, measured } = await measureProfile(await postgres.database(options.users), options, resources);
    const rate = Math.round(measured.rate!).toLocaleString('en-US');
    return {
      text: `${profileTable(shares)}\n\n${work}: ${rate} requests/s under the profiler. ${measuredOn}.`,
      wrong: wrongIn(work, [measured]),
    };
  }
  const rows = ROWS.filter(({ name }) => options.rows.length === 0 || options.rows.includes(name));
  const lines = await measure(rows, options, postgres);
  return { text: `${tableOf(lines)}\n\n${measuredOn}. ${effortInWords(options, rows)}`, wrong: wrongAnswers(lines) };
}

async function measure(rows: Row[], options: Options, postgres: BenchPostgres): Promise<Line[]> {
  const { launches, rounds, users, large, connections, logins } = options;
  const generator = resources.hold(new LoadGenerator());
  const lines: Line[] = [];
  for (const row of rows) {
    process.stderr.write(`bench: ${row.name}\n`);
    const effort = { launches, rounds, seconds: options.seconds * (row.roundFactor ?? 1) };
    const bench: Bench = {
      effort,
      connections,
      loginsAtOnce: logins,
      users,
      large,
      resources,
      generator,
      database: (people) => postgres.database(people),
      interleave: (open) => interleave(effort, resources, open),
    };
    lines.push(...(await row.run(bench)));
  }
  return lines;
}
