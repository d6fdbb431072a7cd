import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { dataSourceOptions } from '../../dist/src/data-source.js';
import { startEmbeddedPostgres } from '../../dist/src/database/embedded/embedded-postgres.js';
import { migrate } from '../../dist/src/database/migrator.js';

const TEMPLATE = 'tollgate_template';

/**
 * One PostgreSQL for the whole run, and in it a migrated, empty database that every test file clones. TEST_DATABASE_URL
 * names a server to use instead of the embedded one; its user must be allowed to create databases.
 */
export default async function setUp() {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-test-'));
  // As root, PostgreSQL runs as another user, who must be able to pass through.
  await chmod(dataDir, 0o711);
  const embedded = process.env.TEST_DATABASE_URL ? undefined : await startEmbeddedPostgres({ dataDir, durable: false });
  const serverUrl = process.env.TEST_DATABASE_URL ?? embedded.url;

  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${TEMPLATE}`);
  await admin.end();

  const templateUrl = new URL(serverUrl);
  templateUrl.pathname = `/${TEMPLATE}`;
  await migrate(dataSourceOptions(templateUrl.href));

  process.env.TOLLGATE_TEST_SERVER = serverUrl;
  process.env.TOLLGATE_TEST_TEMPLATE = TEMPLATE;
  globalThis.tollgateTest = { embedded, dataDir };
}
