import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.js';
import { dataSourceOptions } from './data-source.js';
import { migrate } from './database/migrator.js';

/**
 * `npm run migration:run`, `:revert` and `:generate -- AddSomething`: TypeORM's own commands on the configured database,
 * or on the embedded one, which is started for them if no server is running.
 */
const DIST = fileURLToPath(new URL('../', import.meta.url));
const [command, name] = process.argv.slice(2);

const typeormCommand = {
  generate: ['migration:generate', '--esm', '--pretty', join(DIST, '..', 'migrations', kebabCase(name ?? 'change'))],
  run: ['migration:run', '--transaction', 'each'],
  revert: ['migration:revert', '--transaction', 'each'],
}[command ?? ''];
if (!typeormCommand) {
  process.stderr.write('usage: npm run migration:generate -- <name> | migration:run | migration:revert\n');
  process.exit(2);
}

await runCommand(process.env, async (databaseUrl) => {
  if (command === 'generate') {
    // What is generated is the difference to the entities, not to an empty database.
    await migrate(dataSourceOptions(databaseUrl));
  }
  return runTypeorm(typeormCommand, databaseUrl);
});

function runTypeorm(args: string[], url: string): Promise<number> {
  const cli = createRequire(import.meta.url).resolve('typeorm/cli.js');
  const child = spawn(process.execPath, [cli, ...args, '--dataSource', join(DIST, 'ormconfig.js')], {
    stdio: 'inherit',
    env: { ...process.env, DATABASE_URL: url },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function kebabCase(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .toLowerCase();
}
