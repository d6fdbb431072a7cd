import { document, type Operation } from './support/contract.js';
import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';

/**
 * Directories are apart: what belongs to another account answers, on every route, exactly as what does not exist. The
 * routes and their fields come from the OpenAPI document, so a new one is walked from its first day.
 */

interface Resources {
  owner: TestUser;
  user: { id: string; username: string; email: string };
  session: string;
  hold: string;
}
interface Walk {
  operation: Operation;
  method: string;
  path: string;
}
interface Place {
  in: string;
  name: string;
}

/** Fields that choose something, or that must be free. The others say what to do with it. */
const IDENTIFIERS = /^(.*id|account|charge|username|email|token|code|idempotency-key)$/i;

let count = 0;
/** Names that nobody has yet. */
const newNames = () => ({ email: `new-${++count}@example.com`, username: `new-${count}`, id: `new-${count}` });

/** Where the examples of the document would not get as far as the identifier. */
const COMPLETED: Record<string, () => Record<string, unknown>> = {
  '/api/users/': () => ({ ...newNames(), id: undefined }),
  '/v1/user/Create': newNames,
  // The first identifier decides: the others of the example must not be in the way.
  '/v1/user/Read': () => ({ id: undefined, username: undefined, email: undefined }),
  '/v1/user/Login': () => ({ username: undefined, email: undefined, password: PASSWORD }),
  '/v1/user/Update': () => ({ id: mine.user.id, email: undefined }),
};

let app: TestApp;
let mine: Resources;
let theirs: Resources;

beforeAll(async () => {
  app = await TestApp.start({ creditsPerPeriod: 1_000_000_000 });
  [mine, theirs] = [await resources('mine'), await resources('theirs')];
});
afterAll(() => app.stop());

async function resources(name: string): Promise<Resources> {
  const owner = await app.aUser();
  const client = app.client({ 'x-api-key': owner.apiKey });
  const user = { id: `${name}-1`, username: `${name}-name`, email: `${name}@example.com` };
  await client.post('/v1/user/Create', { ...user, password: PASSWORD });
  const { body } = await client.post<{ session: { id: string } }>('/v1/user/Login', {
    username: user.username,
    password: PASSWORD,
  });
  const order = { amount: 5, operation: 'work' };
  await client.post('/api/credits/charges/', order, { 'idempotency-key': `${name}-key` });
  const hold = await client.post<{ id: string }>('/api/credits/holds/', order);
  return { owner, user, session: body.session.id, hold: hold.body.id };
}

const walks: Walk[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    operation,
    method: method.toUpperCase(),
    path,
  })),
);

/** Every place of an operation that takes an identifier. */
function placesOf({ operation }: Walk): Place[] {
  const { $ref } = operation.requestBody?.content['application/json']?.schema ?? {};
  const fields = $ref ? Object.keys(document.components.schemas[$ref.split('/').at(-1)!]!.properties ?? {}) : [];
  return [
    ...operation.parameters.map((parameter) => ({ in: parameter.in, name: parameter.name })),
    ...fields.map((name) => ({ in: 'body', name })),
  ].filter(({ name }) => IDENTIFIERS.test(name));
}

const places = walks.flatMap((walk) =>
  placesOf(walk).map((place) => [`${walk.method} ${walk.path} ${place.in} ${place.name}`, walk, place] as const),
);

/** What is somebody else's, and beside each what is nobody's and looks the same. */
function pairs(): [foreign: string | number, missing: string | number][] {
  const { owner, user, session, hold } = theirs;
  return [
    [user.id, 'nobody-1'],
    [user.username, 'nobody-name'],
    [user.email, 'nobody@example.com'],
    [session, forged(session)],
    [owner.session, forged(owner.session)],
    [session.slice(3, 25), `${session.slice(4, 25)}0`],
    [hold, '00000000-0000-4000-8000-000000000000'],
    [owner.accountId, 999_999_999],
    ['theirs-key', 'nobodys-key'],
  ];
}

/** With a MAC that is not the right one. */
const forged = (text: string) => text.slice(0, -1) + (text.endsWith('a') ? 'b' : 'a');

async function answerTo({ operation, method, path }: Walk, place: Place, value: string | number, credential: string) {
  const example = operation.requestBody?.content['application/json']?.example as object | undefined;
  const body = { ...example, ...COMPLETED[path]?.(), ...(place.in === 'body' ? { [place.name]: value } : {}) };
  const id = place.in === 'path' ? encodeURIComponent(value) : place.name === 'account' ? mine.hold : 'none';
  const query = place.in === 'query' ? `?${place.name}=${value}` : '';
  const reply = await app.client({ 'x-api-key': credential }).send(method, path.replace(/\{\w+\}/, id) + query, {
    ...(operation.requestBody ? { body } : {}),
    ...(place.in === 'header' ? { headers: { [place.name]: String(value) } } : {}),
  });
  await restore();
  const headers = ['content-type', 'www-authenticate', 'retry-after', 'x-credits-cost'];
  return {
    status: reply.status,
    headers: headers.map((name) => reply.headers.get(name)),
    body: masked(JSON.stringify(reply.body) ?? '', value),
  };
}

/** What a call did to its own side must not be there for the next one. */
async function restore(): Promise<void> {
  const { owner, user } = mine;
  await app.database.query(`DELETE FROM users WHERE directory_id = $1 AND external_id <> $2`, [
    owner.accountId,
    user.id,
  ]);
  await app.database.query(`UPDATE users SET email = $3, username = $4 WHERE directory_id = $1 AND external_id = $2`, [
    owner.accountId,
    user.id,
    user.email,
    user.username,
  ]);
  await app.database.query(`UPDATE users SET email = $2 WHERE id = $1`, [owner.id, owner.email]);
  await app.database.query(`DELETE FROM users WHERE directory_id = 0 AND id <> ALL($1) AND role = 'user'`, [
    [owner.id, theirs.owner.id],
  ]);
}

/** Without what differs between any two calls. */
function masked(text: string, value: string | number): string {
  return text
    .replaceAll(new RegExp(`\\b${value}\\b`, 'gi'), '<it>')
    .replace(/tgs[0-9A-Za-z]{44}/g, '<session>')
    .replace(/new-\d+/g, '<new>')
    .replace(/[0-9a-f]{24,32}|[0-9a-f]{8}(-[0-9a-f]{4,12}){4}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|"\d{10}"/g, '<time>')
    .replace(/"(sequence|balance_after)":\d+/g, '"$1":<n>');
}

/** Everything of the other account, as it stands in the database. */
async function standing(): Promise<unknown> {
  const directory = theirs.owner.accountId;
  const digest = (table: string, condition: string) =>
    `(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ${table} t WHERE ${condition}) AS ${table}`;
  const [row] = await app.database.query(
    `SELECT ${[
      ...['users', 'passwords', 'accounts', 'mails'].map((table) => digest(table, `directory_id = ${directory}`)),
      digest('credentials', `directory_id = ${directory} OR user_id = ${theirs.owner.id}`),
      ...['balances', 'entries', 'holds', 'idempotency_keys'].map((table) =>
        digest(table, `account_id = ${directory}`),
      ),
    ].join(', ')}`,
  );
  return row;
}

it('there is something to walk', () => {
  expect(places.length).toBeGreaterThan(30);
  expect(new Set(places.map(([, walk]) => walk.path.split('/', 3).join('/')))).toEqual(
    new Set(['/api/credits', '/api/mails', '/api/users', '/api/v1', '/v1/user']),
  );
});

it('a list has those of the own directory only', async () => {
  for (const { owner, user } of [mine, theirs]) {
    const { body } = await app.client({ 'x-api-key': owner.apiKey }).post<{ users: { id: string }[] }>('/v1/user/List');
    expect(body.users.map(({ id }) => id)).toEqual([user.id]);
  }
});

describe.each(places)('checklist 40: %s', (_, walk, place) => {
  it.each([
    ['a person of the platform', () => mine.owner.apiKey],
    ['a managed user', () => mine.session],
  ])('finds nothing of another account for %s', async (_who, credential) => {
    const before = await standing();
    for (const [foreign, missing] of pairs()) {
      const seen = await answerTo(walk, place, foreign, credential());
      const unseen = await answerTo(walk, place, missing, credential());
      expect({ foreign, ...seen }).toEqual({ foreign, ...unseen });
    }
    expect(await standing()).toEqual(before);
    // Whoever is let in no more finds nothing of anybody.
    for (const { owner, session } of [mine, theirs]) {
      for (const credential of [owner.apiKey, session]) {
        expect((await app.client({ 'x-api-key': credential }).get('/api/users/me/')).status).toBe(200);
      }
    }
  });
});
