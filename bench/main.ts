import { measureAgainst } from './against.js';
import { BenchPostgres } from './database/bench-postgres.js';
import { DOCUMENT, writeResults } from './document.js';
import { LoadGenerator } from './load/load-generator.js';
import { machine } from './machine.js';
import { interleave } from './measuring/interleave.js';
import { HelpWanted, USAGE, readOptions, type Options } from './options.js';
import { Resources } from './processes/resources.js';
import { effortInWords, markdownTable, wrongAnswers } from './report.js';
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
  let rows: Row[] = [];
  let lines: Line[];
  let measuredOn = machine();
  if (options.against) {
    const { server, rate } = options.against;
    lines = [await measureAgainst(server, { ...options, rate }, resources)];
  } else {
    const postgres = await resources.holdStarting(BenchPostgres.start());
    rows = ROWS.filter(({ name }) => options.rows.length === 0 || options.rows.includes(name));
    lines = await measure(rows, options, postgres);
    measuredOn += `, PostgreSQL ${postgres.version}`;
  }
  const results = `${markdownTable(lines)}\n\n${measuredOn}. ${effortInWords(options, rows)}`;
  process.stdout.write(`\n${results}\n`);
  const wrong = wrongAnswers(lines);
  wrong.forEach((line) => process.stdout.write(`WRONG: ${line}\n`));
  if (options.isForTheDocument && wrong.length === 0) {
    await writeResults(results);
    process.stderr.write(`bench: the results are in ${DOCUMENT}\n`);
  }
  return wrong.length === 0 ? 0 : 1;
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
