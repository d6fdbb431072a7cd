import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchDatabase } from '../database/bench-postgres.js';
import { SECRET_KEY } from '../database/people.js';
import type { Address, PlainAnswer, Question } from './ask.js';
import type { Probe } from './right-answer.js';
import { ServerProcess, type ServerOptions } from './server-process.js';

/** What `npm start` runs. */
const TOLLGATE = fileURLToPath(new URL('../../src/main.js', import.meta.url));
/** Node writes them itself, and so does it for the replay. */
const TRANSPORT_HEADERS = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'];

/** The server itself, with the log level that it has by default. */
export function tollgate(database: BenchDatabase, probe: Probe): ServerOptions {
  return {
    script: TOLLGATE,
    environment: {
      DATABASE_URL: database.url,
      DATA_DIR: join(tmpdir(), 'tollgate-bench-unused'),
      SECRET_KEY,
      // Failed logins are not counted per address here: all of the load comes from one.
      RATE_LIMITS: 'off',
    },
    probe,
  };
}

/** The server, with the part of it altered that a file of `references/` alters. */
export function altered(name: string, database: BenchDatabase, probe: Probe, argv: string[] = []): ServerOptions {
  return { ...tollgate(database, probe), script: referenceScript(name), argv };
}

/** Bare Fastify that answers a question with the same bytes and headers as it was answered before. */
export class BareFastify implements Address {
  private constructor(
    private readonly server: ServerProcess,
    private readonly folder: string,
  ) {}

  /** @throws when its answer turns out to be another one */
  static async start(
    question: Question,
    { status, rawHeaders, body }: PlainAnswer,
    nodeFlags?: string[],
  ): Promise<BareFastify> {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-replay-'));
    const file = join(folder, 'answer.json');
    const headers = Object.fromEntries(ownHeaders(rawHeaders));
    const replay = { method: question.method, route: routeOf(question.path), status, headers, body };
    await writeFile(file, JSON.stringify(replay));
    try {
      const server = await ServerProcess.start({
        script: referenceScript('bare-fastify'),
        argv: [file],
        probe: { question, right: { status, body } },
        ...(nodeFlags ? { nodeFlags } : {}),
      });
      const { firstAnswer } = server;
      if (essence(firstAnswer) !== essence({ status, rawHeaders, body })) {
        await server.stop();
        throw new Error(`Bare Fastify does not answer the same: ${essence(firstAnswer)}`);
      }
      return new BareFastify(server, folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get host(): string {
    return this.server.host;
  }

  get port(): number {
    return this.server.port;
  }

  get startMilliseconds(): number {
    return this.server.startMilliseconds;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** As Fastify writes a path without parameters; what comes after a `?` is no part of it. */
function routeOf(path: string): string {
  return decodeURI(path.replace(/\?.*/, '')).replaceAll(':', '::');
}

function referenceScript(name: string): string {
  return fileURLToPath(new URL(`../references/${name}.js`, import.meta.url));
}

/** What a replay must have in common with the original. Fastify completes a content type that says little. */
function essence({ status, rawHeaders, body }: PlainAnswer): string {
  const headers = ownHeaders(rawHeaders).filter(([name]) => name !== 'content-type');
  return JSON.stringify({ status, headers: headers.sort(), body });
}

function ownHeaders(rawHeaders: string[]): [string, string][] {
  return rawHeaders
    .flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]!]] : []))
    .filter(([name]) => !TRANSPORT_HEADERS.includes(name));
}
