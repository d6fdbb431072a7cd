import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { waitingForTable } from './support/lock.js';
import { SECRET_KEY, ServerProcess, freePort } from './support/server-process.js';
import { eventually } from './support/smtp-server.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';
import { PASSWORD } from './support/test-app.js';

/** The built server as a process, on a database of somebody else. */

const FOREIGN_CLUSTER = fileURLToPath(new URL('workers/foreign-cluster.mjs', import.meta.url));

let database: TestDatabase;
let servers: ServerProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
  await database.drop();
});

async function start(variables: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({ DATABASE_URL: database.url, SECRET_KEY, ...variables });
  servers.push(server);
  return server;
}

it('says where things are, and the login of the administrator on the very first start only', async () => {
  const first = await start();
  expect(first.output).toContain(`API    ${first.url}/api`);
  expect(first.output).toContain(`Docs   ${first.url}/docs`);
  const [, email, password] = /Admin {2}(\S+), password (\S+)/.exec(first.output) ?? [];
  const login = await first.client().post('/api/v1/users/login', { email, password });
  expect(login.status).toBe(200);
  expect(await first.stop()).toBe(0);

  const second = await start();
  expect(second.output).not.toContain('Admin');
});

it('takes the login of the administrator from the configuration, and does not print it', async () => {
  const server = await start({ ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'chosen by the operator' });
  expect(server.output).not.toContain('chosen by the operator');
  const login = await server
    .client()
    .post('/api/v1/users/login', { email: 'root@example.com', password: 'chosen by the operator' });
  expect(login.status).toBe(200);
});

it('checklist 69: several processes that start at once on an empty database agree', async () => {
  const all = await Promise.all([start(), start(), start()]);
  expect(all.filter(({ output }) => output.includes('Admin'))).toHaveLength(1);
  expect(await database.query(`SELECT 1 FROM users WHERE role = 'admin'`)).toHaveLength(1);
});

it('checklist 28: what is ended through one process is refused by the other in the very next request', async () => {
  const [one, other] = [await start(), await start()];
  const session = await one.aSession();
  const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
  const meOfOther = async (credential: string) =>
    (await other.client().get('/api/users/me/', bearer(credential))).status;

  let token = (await one.client().get<{ access_token: string }>('/api/users/me/token/', bearer(session))).body
    .access_token;
  for (let round = 0; round < 20; round++) {
    expect(await meOfOther(token)).toBe(200);
    const rotated = await one
      .client()
      .post<{ access_token: string }>('/api/users/me/token/regenerate/', undefined, bearer(token));
    expect(await meOfOther(token)).toBe(401);
    token = rotated.body.access_token;
  }
  expect(await meOfOther(session)).toBe(200);
  await one.client().post('/api/users/me/logout/', undefined, bearer(session));
  expect(await meOfOther(session)).toBe(401);
});

it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s, even twice at once, finishes the requests in flight and exits with 0',
  async (signal) => {
    const server = await start();
    const client = server.client();
    const lock = new pg.Client(database.url);
    await lock.connect();
    await lock.query('BEGIN; LOCK TABLE passwords');
    const logins = Array.from({ length: 4 }, () =>
      client.post('/api/v1/users/login', { email: 'nobody@example.com', password: PASSWORD }),
    );
    await eventually(async () => (await waitingForTable(database, 'passwords')) === logins.length);
    server.child.kill(signal); // Ctrl-C in npm start arrives twice.
    const exit = server.signal(signal);
    await eventually(() =>
      client.get('/health/live').then(
        ({ headers }) => headers.get('connection') === 'close',
        () => true,
      ),
    );
    await lock.end();
    const replies = await Promise.all(logins);
    expect(replies.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(replies.map(({ headers }) => headers.get('connection'))).toEqual(['close', 'close', 'close', 'close']);
    expect(await exit).toBe(0);
  },
);

it('checklist 69: SIGTERM closes the port at once, though a chore in the background is waiting', async () => {
  await (await start()).stop();
  const locked = new pg.Client({ connectionString: database.url });
  await locked.connect();
  await locked.query('BEGIN; LOCK TABLE idempotency_keys');
  const server = await start();
  await eventually(async () => (await waitingForTable(database, 'idempotency_keys')) > 0);
  const exit = server.stop();
  const isClosed = () =>
    fetch(`${server.url}/health/live`).then(
      () => false,
      () => true,
    );
  await eventually(isClosed, 15_000);
  expect(server.child.exitCode).toBeNull();
  await locked.end();
  expect(await exit).toBe(0);
});

it('serves as a worker of somebody else, such as a process manager', async () => {
  const server = await ServerProcess.start({ DATABASE_URL: database.url, SECRET_KEY }, { program: FOREIGN_CLUSTER });
  servers.push(server);
  expect((await server.client().get('/health/ready')).status).toBe(200);
});

describe('refuses to start, with one line for each problem and exit code 1:', () => {
  async function refusal(variables: Record<string, string>): Promise<string[]> {
    const server = await ServerProcess.spawn(variables);
    expect(await server.exit).toBe(1);
    return server.output.trim().split('\n');
  }

  it('a secret key that is too short', async () => {
    expect(await refusal({ DATABASE_URL: database.url, SECRET_KEY: 'short' })).toEqual([
      'tollgate: SECRET_KEY is too short: each key must have at least 32 characters.',
    ]);
  });

  it('a database without a secret key', async () => {
    const lines = await refusal({ DATABASE_URL: database.url });
    expect(lines).toEqual([expect.stringContaining('SECRET_KEY must be set when DATABASE_URL is set')]);
  });

  it('a malformed database URL, a bad port and an unknown choice, all at once', async () => {
    const lines = await refusal({ DATABASE_URL: 'mysql://x:hidden@y', SECRET_KEY, PORT: '70000', SIGNUP: 'maybe' });
    expect(lines.sort()).toEqual([
      'tollgate: DATABASE_URL must be a URL that begins with postgres:// or postgresql://.',
      'tollgate: PORT must be a whole number from 0 to 65535, not "70000".',
      'tollgate: SIGNUP must be one of open, closed, not "maybe".',
    ]);
  });

  it('a database that is not there', async () => {
    const lines = await refusal({ DATABASE_URL: `postgres://u:hidden@127.0.0.1:${await freePort()}/x`, SECRET_KEY });
    expect(lines).toEqual([
      expect.stringMatching(/^tollgate: The database at DATABASE_URL cannot be used: .*ECONNREFUSED/),
    ]);
  });

  it('a database that does not exist', async () => {
    const url = new URL(database.url);
    url.pathname = '/there_is_none';
    const lines = await refusal({ DATABASE_URL: url.href, SECRET_KEY });
    expect(lines).toEqual([
      expect.stringMatching(/^tollgate: The database at DATABASE_URL cannot be used: .*there_is_none/),
    ]);
  });

  it.each([
    ['postgres://a%zz:hidden@127.0.0.1/x', /^tollgate: DATABASE_URL is not a valid URL/],
    ['postgres://127.0.0.1:99999/x', /^tollgate: DATABASE_URL is not a valid URL/],
    ['postgres:x', /^tollgate: DATABASE_URL must be a URL that begins with/],
  ])('the database URL %s', async (url, expected) => {
    const lines = await refusal({ DATABASE_URL: url, SECRET_KEY });
    expect(lines).toEqual([expect.stringMatching(expected)]);
    expect(lines.join()).not.toContain('hidden');
  });

  it('a server without TLS that was asked for it', async () => {
    const lines = await refusal({ DATABASE_URL: `${database.url}?sslmode=verify-full`, SECRET_KEY });
    expect(lines).toEqual([expect.stringMatching(/^tollgate: The database at DATABASE_URL cannot be used: .*SSL/)]);
  });

  it('an administrator whose address is a normal user', async () => {
    const server = await start();
    await server.aSession('normal@example.com');
    await server.stop();
    await database.query(`DELETE FROM users WHERE role = 'admin'`);
    const lines = await refusal({ DATABASE_URL: database.url, SECRET_KEY, ADMIN_EMAIL: 'normal@example.com' });
    expect(lines).toEqual([expect.stringContaining('ADMIN_EMAIL is the address of a user who is no administrator')]);
  });

  it('a port that is taken', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = squatter.address() as { port: number };
      const lines = await refusal({ DATABASE_URL: database.url, SECRET_KEY, PORT: String(port) });
      expect(lines.filter((line) => line.startsWith('tollgate:'))).toEqual([
        `tollgate: Port ${port} on 127.0.0.1 is taken by another program. Set PORT to a free one.`,
      ]);
    } finally {
      squatter.close();
    }
  });

  it('an administrator password that anybody would guess', async () => {
    const lines = await refusal({ DATABASE_URL: database.url, SECRET_KEY, ADMIN_PASSWORD: 'password1' });
    expect(lines).toEqual([expect.stringMatching(/^tollgate: ADMIN_PASSWORD is one of the most common passwords/)]);
  });
});

it('checklist 31: logs are lines of JSON with a request id, and hold no secret', async () => {
  const server = await start({ LOG_LEVEL: 'trace' });
  const session = await server.aSession();
  const { headers } = await server.client().get('/api/users/me/?token=canary-in-the-query', {
    authorization: `Bearer ${session}`,
    'x-request-id': 'my-own-id',
  });
  expect(headers.get('x-request-id')).toBe('my-own-id');
  await server.client().post('/api/v1/users/login', { email: 'x@example.com', password: 'canary in a password' });
  await server.client().send('POST', '/api/v1/users/login', {
    body: '{"password": "canary in broken JSON',
    headers: { 'content-type': 'application/json' },
  });
  await server.stop();

  const lines = server.output.split('\n').filter((line) => line.startsWith('{'));
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(entries).toContainEqual(
    expect.objectContaining({ requestId: 'my-own-id', method: 'GET', path: '/api/users/me/', status: 400 }),
  );
  expect(server.output).not.toContain(session);
  expect(server.output).not.toContain(PASSWORD);
  expect(server.output).not.toContain('canary');
});
