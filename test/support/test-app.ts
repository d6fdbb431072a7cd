import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RegistrationService } from '../../src/auth/registration.service.js';
import type { Configuration } from '../../src/config/configuration.js';
import { readEnvironment } from '../../src/config/environment.js';
import { createServer } from '../../src/http-server.js';
import { LineBuffer } from '../../src/logging/line-buffer.js';
import { createLogger } from '../../src/logging/logger.js';
import { Client } from './client.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

export const ADMIN = { email: 'admin@example.com', password: 'an administrator of tests' };
export const PASSWORD = 'correct horse battery';

/** A person of the platform directory, with every credential they have. */
export interface TestUser {
  email: string;
  password: string;
  /** In the database. */
  id: number;
  /** As it is shown. */
  number: number;
  accountId: number;
  session: string;
  apiKey: string;
  accessToken: string;
}

/** The real server on a real port over a real database, as `server.ts` makes it. */
export class TestApp {
  logLines: string[] = [];

  private constructor(
    readonly nest: NestFastifyApplication,
    readonly url: string,
    readonly database: TestDatabase,
    readonly configuration: Configuration,
  ) {}

  static async start(overrides: Partial<Configuration> = {}, database?: TestDatabase): Promise<TestApp> {
    const ownDatabase = database ?? (await createTestDatabase());
    const configuration: Configuration = {
      ...readEnvironment({}),
      dataDir: await mkdtemp(join(tmpdir(), 'tollgate-app-')),
      databaseUrl: ownDatabase.url,
      secretKeys: ['a secret key of tests, long enough'],
      adminPassword: ADMIN.password,
      publicUrl: 'http://tollgate.example',
      bcryptCost: 4,
      isRateLimited: false,
      ...overrides,
    };
    const lines: string[] = [];
    const logged = new LineBuffer({ write: (text) => lines.push(...text.trimEnd().split('\n')) });
    const nest = await createServer(configuration, createLogger(configuration.logLevel, logged), logged);
    await nest.get(RegistrationService).ensureAdministrator();
    await nest.listen(0, '127.0.0.1');
    const app = new TestApp(nest, await nest.getUrl(), ownDatabase, configuration);
    app.logLines = lines;
    return app;
  }

  /** Calls without a credential, or with the given headers on every one. */
  client(headers: Record<string, string> = {}): Client {
    return new Client(this.url, headers);
  }

  async aUser(input: { email?: string; password?: string; name?: string; username?: string } = {}): Promise<TestUser> {
    const email = input.email ?? `${randomBytes(6).toString('hex')}@example.com`;
    const password = input.password ?? PASSWORD;
    const { name, username } = input;
    await this.client().post('/api/users/', {
      email,
      password,
      ...(name ? { name } : {}),
      ...(username ? { username } : {}),
    });
    return this.login(email, password);
  }

  async login(email: string, password: string): Promise<TestUser> {
    const { body } = await this.client().post<{ data: { token: string; user: { id: number } } }>(
      '/api/v1/users/login',
      {
        email,
        password,
      },
    );
    const { token: session, user } = body.data;
    const client = this.client({ authorization: `Bearer ${session}` });
    const details = await client.post<{ data: { id: number; api_key: string } }>('/api/v1/users/account-details');
    const { id: accountId, api_key: apiKey } = details.body.data;
    const [account] = await this.database.query<{ user_id: number }>('SELECT user_id FROM accounts WHERE id = $1', [
      accountId,
    ]);
    const { body: token } = await client.get<{ access_token: string }>('/api/users/me/token/');
    return {
      email,
      password,
      id: account!.user_id,
      number: user.id,
      accountId,
      session,
      apiKey,
      accessToken: token.access_token,
    };
  }

  anAdministrator(): Promise<TestUser> {
    return this.login(ADMIN.email, ADMIN.password);
  }

  async stop(): Promise<void> {
    await this.nest.close();
    await this.database.drop();
    await rm(this.configuration.dataDir, { recursive: true, force: true });
  }
}
