import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Client } from './support/client.js';
import { OwnPostgres } from './support/own-postgres.js';
import { runProgram } from './support/run-program.js';
import { SECRET_KEY, ServerProcess } from './support/server-process.js';
import { ADMIN } from './support/test-app.js';

/**
 * Random operations on many accounts through four processes, while processes are killed and the database crashes. Every
 * operation carries a name of its own, so that it can be found in the ledger afterwards.
 */
const OPERATIONS = Number(process.env.STORM_OPERATIONS ?? 6_000);
const ACCOUNTS = Math.max(20, OPERATIONS / 500);
const CLIENTS = 32;
const PROCESSES = 4;
const AUDIT = fileURLToPath(new URL('../dist/src/audit-command.js', import.meta.url));

let postgres: OwnPostgres;
let database: pg.Pool;
/** The processes that the guests call; a killed one stays until its replacement is ready. */
let servers: ServerProcess[] = [];

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  database = new pg.Pool({ connectionString: postgres.url, max: 2 });
  database.on('error', () => undefined); // Crashes are part of it.
  servers = [await startServer(), ...(await Promise.all(Array.from({ length: PROCESSES - 1 }, startServer)))];
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await database.end();
  await postgres.stop();
});

function startServer(): Promise<ServerProcess> {
  return ServerProcess.start({
    DATABASE_URL: postgres.url,
    SECRET_KEY,
    ADMIN_PASSWORD: ADMIN.password,
    LOG_LEVEL: 'error',
  });
}

async function openAccounts(): Promise<void> {
  await database.query(
    `WITH opened AS (
       INSERT INTO balances (account_id, top_up, sequence, period_end)
       SELECT 1000 + i, 5000, 1, ledger_period_after(now(), now()) FROM generate_series(1, $1) AS i RETURNING account_id
     )
     INSERT INTO entries (account_id, sequence, kind, operation, amount, allowance_change, balance_after)
     SELECT account_id, 1, 'grant', 'storm', 5000, 0, 5000 FROM opened`,
    [ACCOUNTS],
  );
}

interface Done {
  account: number;
  name: string;
  kind: string;
}

/** What one client does: it remembers the holds and charges of its own, so that it can settle and refund them. */
class Guest {
  readonly done: Done[] = [];
  readonly surprises: string[] = [];
  private readonly holds: { account: number; id: string }[] = [];
  private readonly charges: { account: number; sequence: number }[] = [];
  private count = 0;

  constructor(
    private readonly name: string,
    private readonly random: () => number,
    private readonly headers: Record<string, string>,
  ) {}

  async play(operations: number): Promise<void> {
    while (this.count < operations) {
      this.count++;
      await this.playOne();
    }
  }

  private async playOne(): Promise<void> {
    const account = 1001 + Math.floor(this.random() * ACCOUNTS);
    const amount = 1 + Math.floor(this.random() * 400);
    const dice = this.random();
    if (dice < 0.5) {
      const body = await this.send('charge', '/api/credits/charges/', { account, amount });
      this.charges.push(...(body ? [{ account, sequence: (body as { sequence: number }).sequence }] : []));
    } else if (dice < 0.65) {
      const body = await this.send('hold', '/api/credits/holds/', {
        account,
        amount,
        expires_in: 1 + Math.floor(dice * 10),
      });
      this.holds.push(...(body ? [{ account, id: (body as { id: string }).id }] : []));
    } else if (dice < 0.8) {
      const hold = this.holds.shift();
      const kind = dice < 0.74 ? 'capture' : 'release';
      if (hold) {
        await this.send(kind, `/api/credits/holds/${hold.id}/${kind}/`, { account: hold.account });
      }
    } else if (dice < 0.88) {
      const charge = this.charges.pop();
      if (charge) {
        await this.send('refund', '/api/credits/refunds/', { account: charge.account, charge: charge.sequence });
      }
    } else {
      await this.send('grant', '/api/credits/grants/', { account, amount });
    }
  }

  /** Half of the operations carry a key, and those are sent until they are answered; the others are sent once. */
  private async send(kind: string, path: string, body: { account: number; [field: string]: number }): Promise<unknown> {
    const name = `${this.name}-${this.count}`;
    const hasKey = this.random() < 0.5;
    const headers = { ...this.headers, ...(hasKey ? { 'idempotency-key': name } : {}) };
    for (;;) {
      const client: Client = servers[Math.floor(this.random() * PROCESSES)]!.client(headers);
      const reply = await client.post(path, { ...body, reference: name }).catch(() => undefined);
      if (reply && reply.status < 300) {
        this.done.push({ account: body.account, name, kind });
        return reply.body;
      }
      const isAnswered = reply && reply.status !== 503 && !isKeyInUse(reply.body);
      if (isAnswered && ![402, 409].includes(reply.status)) {
        this.surprises.push(`${path} ${reply.status} ${JSON.stringify(reply.body)}`);
      }
      if (isAnswered || !hasKey) {
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The same numbers from the same seed (the generator mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const isKeyInUse = (body: unknown) => (body as { code?: string }).code === 'request.idempotency_key_in_use';

async function untilTheDatabaseIsBack(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const isBack = await database.query('SELECT 1').then(
      () => true,
      () => false,
    );
    if (isBack) {
      return;
    }
  }
}

/** Kills something from time to time, until the guests are done. */
async function rage(isOver: () => boolean): Promise<{ kills: number; crashes: number }> {
  const told = { kills: 0, crashes: 0 };
  while (!isOver()) {
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    if (told.kills <= 2 * told.crashes) {
      const victim = told.kills++ % PROCESSES;
      await servers[victim]!.signal('SIGKILL');
      servers[victim] = await startServer();
    } else {
      // When one of its processes is killed, PostgreSQL ends every session and goes through its recovery.
      const { rows } = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      process.kill(rows[0]!.pid, 'SIGKILL');
      told.crashes++;
      await untilTheDatabaseIsBack();
    }
  }
  return told;
}

it(
  'checklist 57: whatever is killed, every answer is in the ledger once, and every balance agrees with it',
  async () => {
    await openAccounts();
    const login = await servers[0]!
      .client()
      .post<{ data: { token: string } }>('/api/v1/users/login', { email: ADMIN.email, password: ADMIN.password });
    const headers = { authorization: `Bearer ${login.body.data.token}` };

    const seed = Number(process.env.STORM_SEED ?? Date.now() % 1_000_000);
    process.stdout.write(`storm: ${OPERATIONS} operations, STORM_SEED=${seed}\n`);
    const guests = Array.from({ length: CLIENTS }, (_, i) => new Guest(`guest-${i}`, randomFrom(seed + i), headers));

    let isOver = false;
    const raging = rage(() => isOver);
    await Promise.all(guests.map((guest) => guest.play(OPERATIONS / CLIENTS)));
    isOver = true;
    const told = await raging;
    const done = guests.flatMap((guest) => guest.done);
    process.stdout.write(`storm: ${done.length} succeeded, ${told.kills} kills, ${told.crashes} crashes\n`);
    expect(told.kills).toBeGreaterThan(0);
    expect(told.crashes).toBeGreaterThan(0);
    expect(guests.flatMap(({ surprises }) => surprises)).toEqual([]);

    const { rows } = await database.query<{ reference: string; account_id: string; kind: string }>(
      `SELECT reference, account_id, kind FROM entries WHERE reference LIKE 'guest-%' AND request_id IS NOT NULL`,
    );
    const found = new Map<string, string[]>();
    for (const { reference, account_id: account, kind } of rows) {
      found.set(reference, [...(found.get(reference) ?? []), `${account} ${kind}`]);
    }
    const wrong = done.filter(({ name, account, kind }) => String(found.get(name)) !== `${account} ${kind}`);
    expect(wrong).toEqual([]);
    const twice = [...found].filter(([, entries]) => entries.length > 1);
    expect(twice).toEqual([]);

    const audit = await runProgram(process.execPath, [AUDIT], { env: { DATABASE_URL: postgres.url } });
    expect(audit).toMatchObject({ exitCode: 0 });
  },
  60_000 + OPERATIONS * 20,
);
