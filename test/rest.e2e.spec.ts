import { jest } from '@jest/globals';
import pg from 'pg';
import { PreparedStatements } from '../src/database/prepared-statements.js';
import { HASHING_ROOM } from './support/hashing-room.js';
import { eventually } from './support/smtp-server.js';
import { PASSWORD, TestApp } from './support/test-app.js';

/** The three calls of the rest page, and what we added: sign-up, logout, sessions, credits. */

interface SessionItem {
  id: string;
  created_at: string;
  last_used_at: string;
  address: string;
  user_agent: string;
  current: boolean;
}
interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
const isAlive = async (credential: string) =>
  (await app.client().get('/api/users/me/', bearer(credential))).status === 200;

describe('users/me', () => {
  it.each(['session', 'apiKey', 'accessToken'] as const)('answers the fields of the page to the %s', async (kind) => {
    const user = await app.aUser({ name: 'John van Doe', username: `John.${kind}` });
    const { body } = await app.client().get('/api/users/me/', bearer(user[kind]));
    expect(body).toEqual({
      external_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      email: user.email,
      email_verified: false,
      username: `john.${kind.toLowerCase()}`,
      first_name: 'John',
      last_name: 'van Doe',
      is_authenticated: true,
      access_token: user.accessToken,
    });
  });

  it('answers the email as username where none was chosen', async () => {
    const user = await app.aUser();
    const { body } = await app.client().get('/api/users/me/', bearer(user.session));
    expect(body).toMatchObject({ username: user.email, first_name: '', last_name: '' });
  });

  it('a username that was the own email goes with it, and the address is free for its next owner', async () => {
    const user = await app.aUser({ email: 'passed-on@example.com', username: 'passed-on@example.com' });
    await app.client().post('/api/v1/users/profile/update', { email: 'moved@example.com' }, bearer(user.session));
    const { body } = await app.client().get('/api/users/me/', bearer(user.session));
    expect(body).toMatchObject({ email: 'moved@example.com', username: 'moved@example.com' });
    const next = await app.aUser({ email: 'passed-on@example.com' });
    expect(next.id).not.toBe(user.id);
  });

  it('refuses a query that it does not read', async () => {
    const user = await app.aUser();
    for (const path of ['/api/users/me/', '/api/users/me/token/']) {
      const reply = await app.client().get<{ detail: string }>(`${path}?fields=all`, bearer(user.session));
      expect([path, reply.status, reply.body.detail]).toEqual([path, 400, 'fields is not a field of this request']);
    }
  });

  it('says "Not authenticated" with a 401', async () => {
    const reply = await app.client().get('/api/users/me/');
    expect(reply.status).toBe(401);
    expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    expect(reply.body).toMatchObject({ detail: 'Not authenticated', message: 'Not authenticated' });
  });
});

describe('users/me/token', () => {
  it('answers the access token to a session cookie, too', async () => {
    const user = await app.aUser();
    const { body } = await app.client().get('/api/users/me/token/', { cookie: `session=${user.session}` });
    expect(body).toEqual({ access_token: user.accessToken });
  });

  it('regenerates it: the old one is dead when the answer arrives, everything else stays', async () => {
    const user = await app.aUser();
    const { body, status } = await app
      .client()
      .post<{ access_token: string }>('/api/users/me/token/regenerate/', undefined, bearer(user.accessToken));
    expect(status).toBe(200);
    expect(body.access_token).toMatch(/^tga[0-9A-Za-z]{44}$/);
    expect(await isAlive(user.accessToken)).toBe(false);
    expect(await isAlive(body.access_token)).toBe(true);
    expect(await isAlive(user.session)).toBe(true);
    expect(await isAlive(user.apiKey)).toBe(true);
  });

  it('checklist 33: of rotations at once by the credential itself one wins, the others are refused', async () => {
    const user = await app.aUser();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        app
          .client()
          .post<{ access_token: string }>('/api/users/me/token/regenerate/', undefined, bearer(user.accessToken)),
      ),
    );
    const winners = replies.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(19);
    expect(await isAlive(winners[0]!.body.access_token)).toBe(true);
    expect(await isAlive(user.accessToken)).toBe(false);
  });

  it('checklist 33: rotations at once by a session all answer what is true when the last of them has', async () => {
    const user = await app.aUser();
    const rotate = () =>
      app.client().post<{ access_token: string }>('/api/users/me/token/regenerate/', undefined, bearer(user.session));
    const replies = await Promise.all(Array.from({ length: 20 }, rotate));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    const live = await Promise.all([...new Set(replies.map(({ body }) => body.access_token))].map(isAlive));
    expect(live.filter(Boolean)).toHaveLength(1);
  });

  it('checklist 33: a key in heavy use is cut off exactly when its rotation is answered', async () => {
    const user = await app.aUser();
    let isRotated = false;
    let isOver = false;
    const late: number[] = [];
    const statuses = new Set<number>();
    const use = async () => {
      while (!isOver) {
        const startedAfterwards = isRotated;
        const { status } = await app.client().get('/api/users/me/', bearer(user.accessToken));
        statuses.add(status);
        if (startedAfterwards) {
          late.push(status);
        }
      }
    };
    const users = Array.from({ length: 20 }, use);
    await app.client().post('/api/users/me/token/regenerate/', undefined, bearer(user.session));
    isRotated = true;
    while (late.length < 100) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    isOver = true;
    await Promise.all(users);
    expect([...statuses].sort()).toEqual([200, 401]);
    expect(new Set(late)).toEqual(new Set([401]));
  });
});

describe('sign-up', () => {
  const signUp = (body: unknown) => app.client().post<{ code?: string }>('/api/users/', body);

  it('lets a new person log in at once, with credentials and the allowance', async () => {
    const user = await app.aUser({ email: 'New.Person@Example.com' });
    expect(user.apiKey).toMatch(/^tgk/);
    const { body } = await app.client().get('/api/credits/entries/', bearer(user.apiKey));
    expect(body).toMatchObject({ items: [{ sequence: 1, kind: 'grant', amount: 10_000, balance_after: 10_000 }] });
  });

  it('checklist 2: answers a known address like a new one, tells its owner by mail, and changes nothing', async () => {
    const owner = await app.aUser({ email: 'Known@Example.com', name: 'The Owner' });
    const fresh = await signUp({ email: 'fresh@example.com', password: PASSWORD });
    const known = await signUp({ email: ' known@example.COM', password: 'what the intruder likes', name: 'Mallory' });

    expect(known.status).toBe(202);
    expect(known.body).toEqual(fresh.body);
    expect([...known.headers.keys()]).toEqual([...fresh.headers.keys()]);
    const { body } = await app.client().get('/api/users/me/', bearer(owner.session));
    expect(body).toMatchObject({ first_name: 'The', last_name: 'Owner' });
    const login = await app
      .client()
      .post('/api/v1/users/login', { email: 'known@example.com', password: 'what the intruder likes' });
    expect(login.status).toBe(401);
    expect(await app.database.query('SELECT recipient, subject FROM mails WHERE user_id = $1', [owner.id])).toEqual([
      { recipient: 'Known@Example.com', subject: 'You already have an account' },
    ]);
  });

  it('checklist 2: refuses a taken username alike for a new and a known address, whoever has it', async () => {
    await app.aUser({ email: 'holder@example.com', username: 'holder' });
    await app.aUser({ email: 'bystander@example.com' });
    const answer = async (email: string, username: string) => {
      const { status, body } = await signUp({ email, password: PASSWORD, username });
      return { status, code: body.code };
    };
    const taken = { status: 409, code: 'users.username_taken' };
    expect(await answer('nobody-yet@example.com', 'holder')).toEqual(taken);
    expect(await answer('bystander@example.com', 'holder')).toEqual(taken);
    expect(await answer('holder@example.com', 'holder')).toEqual(taken);
    expect((await answer('bystander@example.com', 'free-one')).status).toBe(202);
    expect((await answer('bystander@example.com', 'bystander@example.com')).status).toBe(202);
  });

  it('checklist 20: is no cannon for mails to a known address', async () => {
    const owner = await app.aUser();
    await Promise.all(Array.from({ length: 10 }, () => signUp({ email: owner.email, password: PASSWORD })));
    expect(await app.database.query('SELECT 1 FROM mails WHERE user_id = $1', [owner.id])).toHaveLength(1);
  });

  it('makes one account of many sign-ups at once', async () => {
    const replies = await Promise.all(
      Array.from({ length: Math.min(50, HASHING_ROOM) }, () =>
        signUp({ email: 'crowd@example.com', password: PASSWORD }),
      ),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));
    const rows = await app.database.query(`SELECT 1 FROM users WHERE email = 'crowd@example.com'`);
    expect(rows).toHaveLength(1);
  });

  it('checklist 9: refuses a username that names somebody else', async () => {
    const other = await app.aUser({ email: 'other@example.com', username: 'taken' });
    const [row] = await app.database.query<{ external_id: string }>('SELECT external_id FROM users WHERE id = $1', [
      other.id,
    ]);
    const attempt = async (username: string) => {
      const { status, body } = await signUp({ email: 'wants@example.com', password: PASSWORD, username });
      return { status, code: body.code };
    };
    expect(await attempt('TAKEN')).toEqual({ status: 409, code: 'users.username_taken' });
    expect(await attempt(row!.external_id)).toEqual({ status: 409, code: 'users.username_taken' });
    // The same for a registered address as for any: a stranger learns nothing.
    expect(await attempt('other@example.com')).toEqual({ status: 400, code: 'users.invalid_username' });
    expect(await attempt('unknown@example.com')).toEqual({ status: 400, code: 'users.invalid_username' });
    expect(await app.database.query(`SELECT 1 FROM users WHERE email = 'wants@example.com'`)).toEqual([]);
  });

  it('checklist 9: of two people who choose what names the other at once, one is refused', async () => {
    for (let round = 0; round < 10; round++) {
      const results = await Promise.allSettled([
        app.database.query(
          `INSERT INTO users (directory_id, external_id, email, email_as_given, username)
           VALUES (7, $1, $2, '', $3)`,
          [`a${round}`, `a${round}@example.com`, `b${round}`],
        ),
        app.database.query(
          `INSERT INTO users (directory_id, external_id, email, email_as_given, username) VALUES (7, $1, $2, '', NULL)`,
          [`b${round}`, `b${round}@example.com`],
        ),
      ]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('is refused when it is closed', async () => {
    app.configuration.isSignUpOpen = false;
    try {
      const reply = await signUp({ email: 'late@example.com', password: PASSWORD });
      expect(reply.status).toBe(403);
      expect(reply.body).toMatchObject({ code: 'auth.sign_up_closed' });
    } finally {
      app.configuration.isSignUpOpen = true;
    }
  });
});

describe('sessions', () => {
  const list = (credential: string, query = '') =>
    app.client().get<Page<SessionItem>>(`/api/users/me/sessions/${query}`, bearer(credential));

  it('lists the live ones, newest first, with their origin, and marks the current one', async () => {
    const user = await app.aUser();
    await app
      .client()
      .post('/api/v1/users/login', { email: user.email, password: PASSWORD }, { 'user-agent': 'A telephone' });
    const { body } = await list(user.session);
    expect(body.next_cursor).toBeNull();
    expect(body.items).toHaveLength(2);
    expect(body.items[0]).toMatchObject({ user_agent: 'A telephone', address: '127.0.0.1', current: false });
    expect(body.items[1]).toMatchObject({ current: true });
    expect(JSON.stringify(body)).not.toContain(user.session);
  });

  it('pages without repeating or skipping', async () => {
    const user = await app.aUser();
    for (let i = 0; i < 6; i++) {
      await app.login(user.email, PASSWORD);
    }
    const all = (await list(user.session)).body.items.map(({ id }) => id);
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const { body }: { body: Page<SessionItem> } = await list(
        user.session,
        `?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      expect(body.items.length).toBeLessThanOrEqual(2);
      paged.push(...body.items.map(({ id }) => id));
      cursor = body.next_cursor;
    } while (cursor);
    expect(paged).toEqual(all);
    expect(paged).toHaveLength(7);
  });

  it('notes the last use, exact to the minute', async () => {
    const user = await app.aUser();
    await app.database.query(`UPDATE credentials SET last_used_at = now() - interval '1 hour' WHERE user_id = $1`, [
      user.id,
    ]);
    await list(user.session);
    const age = async () => {
      const { body } = await list(user.session);
      return Date.now() - Date.parse(body.items[0]!.last_used_at);
    };
    while ((await age()) > 30 * 60_000) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });

  it('notes the uses of many sessions together, and does not wait for one that somebody has locked', async () => {
    const user = await app.aUser();
    const others = await Promise.all(
      Array.from({ length: Math.min(40, HASHING_ROOM) }, () => app.login(user.email, PASSWORD)),
    );
    const sessions = [user.session, ...others.map(({ session }) => session)];
    await app.database.query(`UPDATE credentials SET last_used_at = now() - interval '1 hour' WHERE user_id = $1`, [
      user.id,
    ]);
    const unnoted = async () => {
      const rows = await app.database.query<{ id: string }>(
        `SELECT id FROM credentials WHERE user_id = $1 AND kind = 'session' AND last_used_at < now() - interval '30 minutes'`,
        [user.id],
      );
      return rows.map(({ id }) => id);
    };
    const statements = jest.spyOn(app.nest.get(PreparedStatements), 'run');
    const notes = () => statements.mock.calls.filter(([{ name }]) => name === 'session_uses').length;
    const [lockedId] = await unnoted();
    const useAll = () => Promise.all(sessions.map((session) => isAlive(session)));

    const somebody = new pg.Client({ connectionString: app.database.url });
    await somebody.connect();
    try {
      await somebody.query('BEGIN');
      await somebody.query('SELECT FROM credentials WHERE id = $1 FOR UPDATE', [lockedId]);
      await useAll();
      await eventually(async () => (await unnoted()).length <= 1);
      expect(await unnoted()).toEqual([lockedId]);
      expect(notes()).toBeLessThan(sessions.length / 2);
    } finally {
      await somebody.end();
      statements.mockRestore();
    }

    await useAll();
    await eventually(async () => (await unnoted()).length === 0);
  });

  it('lets a session in whose use cannot be noted, says so in the log, and notes the next one', async () => {
    const user = await app.aUser();
    await app.database.query(`UPDATE credentials SET last_used_at = now() - interval '1 hour' WHERE user_id = $1`, [
      user.id,
    ]);
    const isNoted = async () => {
      const [session] = await app.database.query<{ is_noted: boolean }>(
        `SELECT last_used_at > now() - interval '30 minutes' AS is_noted FROM credentials WHERE user_id = $1 AND kind = 'session'`,
        [user.id],
      );
      return session!.is_noted;
    };

    await app.database.query(`
      CREATE FUNCTION refuse_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no notes today'; END $$;
      CREATE TRIGGER refuse_note BEFORE UPDATE OF last_used_at ON credentials EXECUTE FUNCTION refuse_note()`);
    try {
      expect(await isAlive(user.session)).toBe(true);
      await eventually(() => app.logLines.some((line) => line.includes('could not note the use of sessions')));
      expect(app.logLines.join()).toContain('no notes today');
    } finally {
      await app.database.query('DROP FUNCTION refuse_note CASCADE');
    }
    expect(await isNoted()).toBe(false);

    expect(await isAlive(user.session)).toBe(true);
    await eventually(isNoted);
  });

  it('logs out: the session is over, the cookie is cleared, others stay', async () => {
    const user = await app.aUser();
    const other = await app.login(user.email, PASSWORD);
    const reply = await app.client().post('/api/users/me/logout/', undefined, bearer(user.session));
    expect(reply.status).toBe(204);
    expect(reply.headers.get('set-cookie')).toMatch(/^session=; Max-Age=0; Path=\//);
    expect(await isAlive(user.session)).toBe(false);
    expect(await isAlive(other.session)).toBe(true);
  });

  it('logging out takes a session', async () => {
    const user = await app.aUser();
    const reply = await app.client().post('/api/users/me/logout/', undefined, bearer(user.apiKey));
    expect(reply.status).toBe(403);
  });

  it('ends one, or all', async () => {
    const user = await app.aUser();
    const other = await app.login(user.email, PASSWORD);
    const third = await app.login(user.email, PASSWORD);
    const { body } = await list(other.session);
    const otherId = body.items.find(({ current }) => current)!.id;

    expect((await app.client().delete(`/api/users/me/sessions/${otherId}/`, bearer(user.apiKey))).status).toBe(204);
    expect([await isAlive(user.session), await isAlive(other.session), await isAlive(third.session)]).toEqual([
      true,
      false,
      true,
    ]);
    expect((await app.client().delete('/api/users/me/sessions/', bearer(third.session))).status).toBe(204);
    expect([await isAlive(user.session), await isAlive(third.session), await isAlive(user.apiKey)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("checklist 40: answers for somebody else's session as for one that does not exist", async () => {
    const user = await app.aUser();
    const stranger = await app.aUser();
    const { body } = await list(user.session);
    const foreign = await app.client().delete(`/api/users/me/sessions/${body.items[0]!.id}/`, bearer(stranger.session));
    const missing = await app.client().delete(`/api/users/me/sessions/${'0'.repeat(22)}/`, bearer(stranger.session));
    expect(foreign.status).toBe(404);
    expect(foreign.body).toEqual(missing.body);
    expect(await isAlive(user.session)).toBe(true);
  });

  it('checklist 25: a login ends the session that the browser had, and never takes over its value', async () => {
    const user = await app.aUser();
    const reply = await app
      .client()
      .post<{ data: { token: string } }>(
        '/api/v1/users/login',
        { email: user.email, password: PASSWORD },
        { cookie: `session=${user.session}` },
      );
    expect(reply.body.data.token).not.toBe(user.session);
    expect(await isAlive(user.session)).toBe(false);
    expect(await isAlive(reply.body.data.token)).toBe(true);
  });

  it("checklist 29: is over at its expiry by the database's clock", async () => {
    const user = await app.aUser();
    const expireAt = (time: string) =>
      app.database.query(`UPDATE credentials SET expires_at = ${time} WHERE user_id = $1 AND kind = 'session'`, [
        user.id,
      ]);
    for (const minutes of [10, -10]) {
      const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + minutes * 60_000);
      await expireAt(`now() + interval '1 minute'`);
      expect(await isAlive(user.session)).toBe(true);
      await expireAt('now()');
      expect(await isAlive(user.session)).toBe(false);
      clock.mockRestore();
    }
  });
});

describe('credits', () => {
  it('answers the balance and the ledger of the caller', async () => {
    const user = await app.aUser();
    const balance = await app.client().get('/api/credits/', bearer(user.apiKey));
    expect(balance.body).toMatchObject({
      account: user.accountId,
      available_credits: 10_000,
      used_credits: 0,
      frozen_credits: 0,
      spendable_credits: 10_000,
    });
  });

  it('checklist 40: shows another account to administrators only; for others it is not there', async () => {
    const user = await app.aUser();
    const stranger = await app.aUser();
    const admin = await app.anAdministrator();
    for (const path of ['/api/credits/', '/api/credits/entries/']) {
      const asAdmin = await app.client().get(`${path}?account=${user.accountId}`, bearer(admin.apiKey));
      expect(asAdmin.status).toBe(200);
      expect(JSON.stringify(asAdmin.body)).toContain(`"account":${user.accountId}`);
      const foreign = await app.client().get(`${path}?account=${user.accountId}`, bearer(stranger.apiKey));
      const missing = await app.client().get(`${path}?account=999999`, bearer(stranger.apiKey));
      expect(foreign.status).toBe(404);
      expect(foreign.body).toEqual(missing.body);
      expect((await app.client().get(`${path}?account=999999`, bearer(admin.apiKey))).status).toBe(404);
    }
  });

  it('the ledger refuses to be changed', async () => {
    for (const statement of ['UPDATE entries SET amount = 1', 'DELETE FROM entries', 'TRUNCATE entries']) {
      await expect(app.database.query(statement)).rejects.toThrow('never changed or deleted');
    }
  });

  it.each(['used = -1', 'frozen = -1', 'used = 10001', 'frozen = 5000, used = 5001', 'allowance = -1'])(
    'the database refuses a balance with %s',
    async (change) => {
      await expect(app.database.query(`UPDATE balances SET ${change}`)).rejects.toThrow('violates check constraint');
    },
  );
});

describe('mails', () => {
  it('are listed for administrators only, without their text', async () => {
    const admin = await app.anAdministrator();
    const user = await app.aUser();
    await app.client().post('/api/users/', { email: user.email, password: PASSWORD });
    const { body } = await app
      .client()
      .get<Page<{ recipient: string; category: string }>>('/api/mails/?limit=1', bearer(admin.session));
    expect(body.items[0]).toMatchObject({ recipient: user.email, category: 'security' });
    expect(body.next_cursor).not.toBeNull();
    const next = await app
      .client()
      .get<Page<{ recipient: string }>>(`/api/mails/?cursor=${body.next_cursor}`, bearer(admin.session));
    expect(next.body.items.map(({ recipient }) => recipient)).not.toContain(user.email);

    const refused = await app.client().get('/api/mails/', bearer(user.session));
    expect(refused.status).toBe(403);
  });
});
