import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { dataSourceOptions } from '../../src/data-source.js';
import { SUPERUSER, readPasswords } from '../../src/database/embedded/cluster.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { migrate } from '../../src/database/migrator.js';
import { QueryCounter } from './query-counter.js';
import { seed } from './seed.js';

/** A database with so many people. */
export interface BenchDatabase {
  /** Of the role that servers use. */
  url: string;
  people: number;
  counter: QueryCounter;
}

/** A PostgreSQL of the benchmark's own, durable and with the settings of the embedded one of a server. */
export class BenchPostgres {
  private readonly databases = new Map<number, Promise<BenchDatabase>>();

  private constructor(
    private readonly dataDir: string,
    private readonly postgres: EmbeddedPostgres,
    private readonly superuser: pg.Client,
    readonly version: string,
  ) {}

  static async start(): Promise<BenchPostgres> {
    const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-bench-'));
    await chmod(dataDir, 0o711); // As root the database runs as another user, who must pass through.
    try {
      await loadStatistics(dataDir);
      const postgres = await startEmbeddedPostgres({ dataDir });
      const superuser = await superuserOf(postgres);
      await superuser.query(`CREATE EXTENSION pg_stat_statements`);
      const { rows } = await superuser.query<{ server_version: string }>(`SHOW server_version`);
      return new BenchPostgres(dataDir, postgres, superuser, rows[0]!.server_version);
    } catch (error) {
      await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  /** The database with so many people, made when it is first asked for. */
  database(people: number): Promise<BenchDatabase> {
    const known = this.databases.get(people);
    if (known) {
      return known;
    }
    const database = this.make(people);
    this.databases.set(people, database);
    return database;
  }

  async stop(): Promise<void> {
    await this.superuser.end();
    await this.postgres.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  private async make(people: number): Promise<BenchDatabase> {
    const name = `people_${people}`;
    const url = withDatabase(this.postgres.url, name);
    await this.superuser.query(`CREATE DATABASE ${name} OWNER ${new URL(url).username}`);
    await migrate(dataSourceOptions(url));
    await seed(await superuserUrl(this.postgres, name), people);
    return { url, people, counter: new QueryCounter(this.superuser, name) };
  }
}

/**
 * Has the cluster load pg_stat_statements, which takes a restart. It counts nothing until it is told to.
 */
async function loadStatistics(dataDir: string): Promise<void> {
  const postgres = await startEmbeddedPostgres({ dataDir });
  const superuser = await superuserOf(postgres);
  await superuser.query(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
  await superuser.query(`ALTER SYSTEM SET pg_stat_statements.track = 'none'`);
  // From the start: a prepared statement keeps the id, or the lack of one, that it was prepared with.
  await superuser.query(`ALTER SYSTEM SET compute_query_id = 'on'`);
  await superuser.end();
  await postgres.stop();
}

async function superuserOf(postgres: EmbeddedPostgres): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: await superuserUrl(postgres, 'postgres') });
  await client.connect();
  return client;
}

async function superuserUrl(postgres: EmbeddedPostgres, database: string): Promise<string> {
  const url = new URL(withDatabase(postgres.url, database));
  url.username = SUPERUSER;
  url.password = (await readPasswords(postgres.folder)).superuser;
  return url.href;
}

function withDatabase(text: string, database: string): string {
  const url = new URL(text);
  url.pathname = `/${database}`;
  return url.href;
}
