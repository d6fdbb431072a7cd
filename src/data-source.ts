import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../migrations/index.js';
import { Account } from './accounts/account.entity.js';
import { Password } from './auth/passwords/password.entity.js';
import { workerShare } from './config/worker-share.js';
import { Balance } from './credits/balance.entity.js';
import { Entry } from './credits/entry.entity.js';
import { Hold } from './credits/hold.entity.js';
import { IdempotencyKey } from './credits/idempotency-key.entity.js';
import { Mail } from './mailer/mail.entity.js';
import { Code } from './tokens/code.entity.js';
import { Credential } from './tokens/credential.entity.js';
import { DirectoryDeletion } from './users/directory-deletion.entity.js';
import { User } from './users/user.entity.js';

const CONNECTIONS = 20;
/** Of one worker among many: enough for lookups, the ledger and some transactions at a time. */
const CONNECTIONS_MIN = 5;

/** The one place that lists entities and migrations: for the server, the migration command and the tests. */
export function dataSourceOptions(databaseUrl: string, workers = 1): DataSourceOptions {
  return {
    type: 'postgres',
    driver: pg,
    url: databaseUrl,
    entities: [
      Account,
      Balance,
      Code,
      Credential,
      DirectoryDeletion,
      Entry,
      Hold,
      IdempotencyKey,
      Mail,
      Password,
      User,
    ],
    migrations: MIGRATIONS,
    migrationsTableName: 'migrations',
    synchronize: false,
    parseInt8: true,
    applicationName: 'tollgate',
    poolSize: workerShare(CONNECTIONS, workers, CONNECTIONS_MIN),
    connectTimeoutMS: 5_000,
    // The server gives up first, so that what was answered 503 does not happen after all.
    extra: { statement_timeout: 25_000, query_timeout: 30_000 },
  };
}
