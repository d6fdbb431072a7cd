import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply, SendOptions } from './support/client.js';
import { checkRawAnswer, requestText, sendRaw } from './support/raw-socket.js';
import { PASSWORD, TestApp, type TestUser } from './support/test-app.js';

/**
 * Whatever is sent, the answer is the right 4xx, in the dialect of the URL, with a sentence that says what is wrong and
 * where; nothing changes, and nothing of it is a fault of the server.
 */

const LOGIN = '/api/v1/users/login';
const PROFILE = '/api/v1/users/profile';
const UPDATE = '/api/v1/users/profile/update';
const CHANGE = '/api/v1/users/password/change';
const SIGN_UP = '/api/users/';
const SESSIONS = '/api/users/me/sessions/';
const ENTRIES = '/api/credits/entries/';
const MAILS = '/api/mails/';
const JSON_TYPE = { 'content-type': 'application/json' };
const BODY_LIMIT = 256 * 1024;

type DialectName = 'envelope' | 'rpc' | 'rest';
interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

let app: TestApp;
let alice: TestUser;
let admin: TestUser;
let before: unknown;
let seen = 0;

beforeAll(async () => {
  app = await TestApp.start();
  alice = await app.aUser({ name: 'Alice Smith' });
  admin = await app.anAdministrator();
  before = await everyRow();
});
afterAll(() => app.stop());

afterEach(async () => {
  const [rows, told] = [before, seen];
  [before, seen] = [await everyRow(), faults().length];
  expect(before).toEqual(rows);
  expect(faults().slice(told)).toEqual([]);
});

/** What the log has of our own faults. */
function faults(): string[] {
  const lines = app.logLines.map((line) => JSON.parse(line) as { level: number; err?: { message: string } });
  return lines.filter(({ level }) => level >= 50).map(({ err }) => String(err?.message));
}

/** A digest of each table. */
async function everyRow(): Promise<unknown> {
  const tables = ['users', 'accounts', 'passwords', 'credentials', 'balances', 'entries', 'mails'];
  const digests = tables.map(
    (table) => `(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ${table} t) ${table}`,
  );
  return app.database.query(`SELECT ${digests.join(', ')}`);
}

/** With a key, of which no uses are noted as they are of a session. */
function send(method: string, path: string, options: SendOptions = {}): Promise<Reply> {
  return app.client({ authorization: `Bearer ${admin.apiKey}` }).send(method, path, options);
}

async function raw(method: string, path: string, headers = {}, body: string | Buffer = ''): Promise<Answer> {
  const reply = await sendRaw(
    app.url,
    requestText(method, path, { authorization: `Bearer ${admin.apiKey}`, ...headers }, body),
  );
  // The document knows a URL in its plain spelling only.
  if (method !== 'HEAD' && !/%61|\/\//.test(path)) {
    checkRawAnswer(method, path, reply);
  }
  return reply;
}

function expectRefusal(answer: Answer, dialect: DialectName, status: number, message: RegExp): void {
  const sentence = expect.stringMatching(message);
  const bodies = {
    envelope: { code: status, data: sentence, status: 0 },
    rpc: {
      id: expect.stringMatching(/^[a-z]+\.[a-z_]+$/),
      code: status,
      detail: status === 404 ? 'not found' : expect.stringMatching(new RegExp(message.source.toLowerCase())),
      status: expect.any(String),
    },
    rest: expect.objectContaining({ status, detail: sentence, message: sentence, code: expect.any(String) }),
  };
  expect(answer.body).toEqual(bodies[dialect]);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe(
    dialect === 'rest' ? 'application/problem+json; charset=utf-8' : 'application/json; charset=utf-8',
  );
}

/** One route with a body in each dialect, and a field that takes text of a limited length. */
const ROUTES: { dialect: DialectName; path: string; valid: Record<string, unknown>; text: [string, max: number] }[] = [
  { dialect: 'envelope', path: UPDATE, valid: { name: 'Mallory' }, text: ['name', 200] },
  {
    dialect: 'rest',
    path: SIGN_UP,
    valid: { email: 'mallory@example.com', password: PASSWORD },
    text: ['name', 200],
  },
  {
    dialect: 'rpc',
    path: '/v1/user/Create',
    valid: { email: 'mallory@example.com', password: PASSWORD },
    text: ['username', 320],
  },
];

describe.each(ROUTES.filter(({ dialect }) => dialect !== 'rpc'))('a body sent to $path', ({ dialect, path, valid }) => {
  it.each([
    'nickname',
    'role',
    'user',
    'available_credits',
    'constructor',
    'toString',
    'hasOwnProperty',
    '__defineGetter__',
  ])('checklist 43: the unknown field %s is named and refused', async (field) => {
    expectRefusal(await send('POST', path, { body: { ...valid, [field]: 1 } }), dialect, 400, new RegExp(field));
  });

  it('names at most twenty of the unknown fields', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field${i}`, 1]));
    const reply = await send('POST', path, { body: { ...valid, ...unknown } });
    expectRefusal(reply, dialect, 400, /field0/);
    expect(JSON.stringify(reply.body).length).toBeLessThan(10_000);
  });
});

describe.each(ROUTES)('a body sent to $path', ({ dialect, path, valid, text: [field, max] }) => {
  /** The rpc dialect knows no 413. */
  const tooLarge = dialect === 'rpc' ? 400 : 413;

  it.each(['[1]', '[{"name":"Mallory"}]', '"text"', '42', 'true', 'null'])('is refused when it is %s', async (body) => {
    expectRefusal(await send('POST', path, { headers: JSON_TYPE, body }), dialect, 400, /must be a JSON object/);
  });

  it('is refused when it is [], where that is not how PHP sends no fields', async () => {
    const reason = dialect === 'rpc' ? / is missing/ : /must be a JSON object/;
    expectRefusal(await send('POST', path, { headers: JSON_TYPE, body: '[]' }), dialect, 400, reason);
  });

  it.each(['{', '{"name":}', "{'name':1}", '{"name":"a"} x', '   ', 'undefined', '{"name":"a\u0001"}'])(
    'is refused as broken JSON when it is %j, and not repeated',
    async (body) => {
      const reply = await send('POST', path, { headers: JSON_TYPE, body });
      expectRefusal(reply, dialect, 400, /^The body is not valid JSON(: it ends too early| at position \d+)?\.$/);
    },
  );

  it.each([
    '{"__proto__":{"role":"admin"}}',
    '{"constructor":{"prototype":{"role":"admin"}}}',
    '{"\\u005f_proto__":{"role":"admin"}}',
  ])('is refused with the key of a prototype: %s', async (body) => {
    expectRefusal(await send('POST', path, { headers: JSON_TYPE, body }), dialect, 400, /__proto__/);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'application/problem+json',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json, text/plain',
    'application/',
    ';;;',
    '',
  ])('is refused with the content type %j', async (type) => {
    const body = JSON.stringify(valid);
    expectRefusal(
      await raw('POST', path, { 'content-type': type }, body),
      dialect,
      415,
      /Content-Type: application\/json/,
    );
  });

  it('is refused without a content type', async () => {
    expectRefusal(await raw('POST', path, {}, JSON.stringify(valid)), dialect, 415, /Content-Type: application\/json/);
  });

  it.each([
    ['a lone byte', [0xff]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['half a surrogate pair in UTF-8', [0xed, 0xa0, 0x80]],
    ['a cut-off character', [0xe2, 0x82]],
  ])('checklist 47: is refused when it is no UTF-8: %s', async (_, bytes) => {
    const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes), Buffer.from('"}')]);
    expectRefusal(await send('POST', path, { headers: JSON_TYPE, body }), dialect, 400, /not valid UTF-8/);
  });

  it.each(['[', '{"a":', '{"name":"a","x":['])(
    'checklist 47: is refused with a nesting of 100,000 of %s',
    async (open) => {
      const body = open.repeat(100_000).slice(0, BODY_LIMIT);
      expectRefusal(await send('POST', path, { headers: JSON_TYPE, body }), dialect, 400, /nested too deeply/);
    },
  );

  it('checklist 47: is refused one byte above the limit, not at it', async () => {
    const fitting = JSON.stringify({ ...valid, [field]: 'x'.repeat(BODY_LIMIT) }).slice(0, BODY_LIMIT - 2) + '"}';
    const atLimit = await send('POST', path, { headers: JSON_TYPE, body: fitting });
    expectRefusal(atLimit, dialect, 400, new RegExp(`${field} must not be longer than ${max}`));
    const above = await send('POST', path, { headers: JSON_TYPE, body: `${fitting} ` });
    expectRefusal(above, dialect, tooLarge, /larger than 262144 bytes/);
  });

  it('checklist 47: is refused with 10 MB as soon as that is said', async () => {
    const head = requestText('POST', path, { ...JSON_TYPE, 'content-length': '10485760' });
    const reply = await sendRaw(app.url, head, '{');
    expectRefusal(reply, dialect, tooLarge, /larger than 262144 bytes/);
  });

  it('checklist 47: is refused with 10 MB that nobody announced', async () => {
    const head = requestText('POST', path, JSON_TYPE)
      .toString()
      .replace('content-length: 0', 'transfer-encoding: chunked');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const reply = await sendRaw(app.url, head, ...Array.from({ length: 160 }, () => chunk), '0\r\n\r\n');
    expectRefusal(reply, dialect, tooLarge, /larger than 262144 bytes/);
  });

  it('counts the last of a key given twice, and checks it', async () => {
    const body = `{"email":"a@example.com","email":{"length":1}}`;
    expectRefusal(await send('POST', path, { headers: JSON_TYPE, body }), dialect, 400, /email must be a string/);
  });
});

describe('a body that names a user', () => {
  const FIELDS: [DialectName, string, string, Record<string, unknown>][] = [
    ['envelope', LOGIN, 'email', { password: PASSWORD }],
    ['envelope', LOGIN, 'password', { email: 'admin@example.com' }],
    ['envelope', UPDATE, 'email', {}],
    ['envelope', UPDATE, 'name', {}],
    ['envelope', UPDATE, 'timezone', {}],
    ['envelope', UPDATE, 'unused_collection_expired', {}],
    ['envelope', CHANGE, 'old_password', { new_password: 'another good one' }],
    ['envelope', CHANGE, 'new_password', { old_password: PASSWORD }],
    ['rest', SIGN_UP, 'email', { password: PASSWORD }],
    ['rest', SIGN_UP, 'password', { email: 'new@example.com' }],
    ['rest', SIGN_UP, 'name', { email: 'new@example.com', password: PASSWORD }],
    ['rest', SIGN_UP, 'username', { email: 'new@example.com', password: PASSWORD }],
  ];
  const NO_STRINGS = [null, 0, 42, 1.5, true, [], ['admin@example.com'], {}, { $ne: null }, { id: { gt: 0 } }];

  it.each(FIELDS)('checklist 42: %s %s takes nothing but a string as %s', async (dialect, path, field, others) => {
    for (const value of NO_STRINGS) {
      const reply = await send('POST', path, { body: { ...others, [field]: value } });
      expectRefusal(reply, dialect, 400, new RegExp(`^${field} must be a string$`));
    }
  });

  it.each([
    [LOGIN, ['email', 'password']],
    [CHANGE, ['old_password', 'new_password']],
    [SIGN_UP, ['email', 'password']],
  ])('checklist 42: %s refuses a body without %s', async (path, fields) => {
    const dialect = path === SIGN_UP ? 'rest' : 'envelope';
    for (const field of fields) {
      expectRefusal(await send('POST', path, { body: {} }), dialect, 400, new RegExp(field));
    }
  });

  it.each(FIELDS)('checklist 47: %s %s refuses half a surrogate pair as %s', async (dialect, path, field, others) => {
    const body = JSON.stringify({ ...others, [field]: 'half\ud800of a pair@example.com' });
    expectRefusal(
      await send('POST', path, { headers: JSON_TYPE, body }),
      dialect,
      400,
      new RegExp(`^${field} .*surrogate`),
    );
  });

  const TEXTS = FIELDS.filter(([, , field]) => !field.includes('password'));
  it.each(TEXTS)('checklist 47: %s %s refuses NUL and line breaks in %s', async (dialect, path, field, others) => {
    for (const text of ['nul\0@example.com', 'line\r\nbreak@example.com']) {
      const reply = await send('POST', path, { body: { ...others, [field]: text } });
      expectRefusal(reply, dialect, 400, new RegExp(`^${field} .*control characters`));
    }
  });

  it.each(['yes', 1, null, 'true', []])(
    'takes nothing but true and false as a preference, so not %j',
    async (value) => {
      const reply = await send('POST', UPDATE, { body: { system_emails: value } });
      expectRefusal(reply, 'envelope', 400, /^system_emails must be a boolean/);
    },
  );

  it('checklist 18: refuses an address that reads otherwise to a mail server than to us', async () => {
    const addresses = [
      'a@exam\nple.com',
      'a@exam\tple.com',
      'a@example.com/evil',
      'a@example.com?evil',
      'a@example.com#evil',
      'a@example.com\\evil',
      'a@ex%61mple.com',
      'a@example.com,b@example.com',
      'Alice <a@example.com>',
      'a\r\nBcc: b@example.com',
      '"a\r\nBcc: b"@example.com',
      '"a b"@example.com',
    ];
    for (const email of addresses) {
      const reply = await send('POST', SIGN_UP, { body: { email, password: PASSWORD } });
      expectRefusal(reply, 'rest', 400, /^email must (be an email address|not contain control characters)/);
      expectRefusal(
        await send('POST', UPDATE, { body: { email } }),
        'envelope',
        400,
        /^email must (be an email address|not contain control characters)/,
      );
    }
  });
});

describe('a body that is none', () => {
  it.each([
    ['no body and no type', {}],
    ['JSON of no length', JSON_TYPE],
    ['a form of no length', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text of no length', { 'content-type': 'text/plain' }],
  ])('is as good as {}: %s', async (_, headers) => {
    expect((await raw('POST', PROFILE, headers)).status).toBe(200);
    const unsaid = requestText('POST', PROFILE, { authorization: `Bearer ${admin.apiKey}`, ...headers })
      .toString()
      .replace('content-length: 0\r\n', '');
    expect((await sendRaw(app.url, unsaid)).status).toBe(200);
  });

  it('may begin with a byte order mark', async () => {
    expect((await send('POST', PROFILE, { headers: JSON_TYPE, body: '\ufeff{}' })).status).toBe(200);
  });

  it('may spell its type in any case, with the charset in quotes', async () => {
    const headers = { 'content-type': 'APPLICATION/JSON; Charset="UTF-8"' };
    expect((await send('POST', PROFILE, { headers, body: '{}' })).status).toBe(200);
  });
});

describe('what is no HTTP', () => {
  const BODY = '{}';
  it.each([
    ['two lengths', 'content-length: 2\r\ncontent-length: 3\r\n'],
    ['a negative length', 'content-length: -1\r\n'],
    ['a length that is no number', 'content-length: 2x\r\n'],
    ['a length and chunks', 'content-length: 2\r\ntransfer-encoding: chunked\r\n'],
    ['a header with a space in its name', 'content-length: 2\r\nx y: 1\r\n'],
    ['a header with a NUL', 'content-length: 2\r\nx: \0\r\n'],
  ])('is refused in the dialect of the URL: %s', async (_, lines) => {
    for (const [path, dialect] of [
      [PROFILE, 'envelope'],
      ['/v1/user/Read', 'rpc'],
      [SESSIONS, 'rest'],
    ] as const) {
      const reply = await sendRaw(app.url, `POST ${path} HTTP/1.1\r\nhost: x\r\n${lines}\r\n${BODY}`);
      expectRefusal(reply, dialect, 400, /not valid HTTP/);
    }
  });

  it('is refused with a method that does not exist', async () => {
    expectRefusal(await sendRaw(app.url, `FROBNICATE ${PROFILE} HTTP/1.1\r\nhost: x\r\n\r\n`), 'envelope', 400, /HTTP/);
  });

  it.each([
    ['a URL', `GET ${SESSIONS}${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
    ['a header', `GET ${SESSIONS} HTTP/1.1\r\nhost: x\r\nx-long: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['many headers', `GET ${SESSIONS} HTTP/1.1\r\nhost: x\r\n${'x-one-of-many: 1\r\n'.repeat(2_000)}\r\n`],
  ])('checklist 47: is refused when %s is too long', async (_, text) => {
    expectRefusal(await sendRaw(app.url, text), 'rest', 431, /too long/);
  });

  it('refuses a body that is longer than its length says', async () => {
    const text = requestText('POST', UPDATE, { ...JSON_TYPE, 'content-length': '2' }, '{"name":"Mallory"}');
    expectRefusal(await sendRaw(app.url, text), 'envelope', 400, /not valid (JSON|HTTP)/);
  });

  it('does nothing for a client that hangs up before its body is complete', async () => {
    const text = requestText(
      'POST',
      SIGN_UP,
      { ...JSON_TYPE, 'content-length': '500' },
      '{"email":"gone@example.com",',
    );
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () =>
      socket.write(text, () => socket.destroy()),
    );
    await new Promise((resolve) => socket.on('close', resolve));
    await sleep(50);
  });
});

describe('a URL', () => {
  it.each(['%', '%ff', '%zz', '%c0%af', '%ed%a0%80', '%00', 'a%00b', '%2'])(
    'is refused when its path ends in %s',
    async (end) => {
      expectRefusal(
        await raw('DELETE', SESSIONS + end),
        'rest',
        400,
        /^path must be percent-encoded UTF-8 without NUL$/,
      );
      expectRefusal(await raw('POST', `/api/v1/users/${end}`), 'envelope', 400, /^path /);
      expectRefusal(await raw('POST', `/v1/user/${end}`), 'rpc', 400, /^path /);
    },
  );

  it.each([
    ['rest', '/api/users/../users/me'],
    ['rest', '/api/users/./me'],
    ['rest', '//api/users/me'],
    ['rest', '/api//users/me'],
    ['rest', '/API/users/me'],
    ['rest', '/api%2Fusers%2Fme'],
    ['rest', '/api/users/me/sessions/a/b'],
    ['rest', '/nothing'],
    ['rest', `/api/${'a'.repeat(10_000)}`],
    ['envelope', '/api/v1/users/nothing'],
    ['envelope', '/api/v1/../v1/users/profile'],
    ['envelope', '/%61pi/v1/users/nothing'],
    ['rpc', '/v1/user/nothing'],
    ['rpc', '/v1/user/Read/'.padEnd(300, 'x')],
  ] as const)('that leads nowhere is unknown, in %s: %s', async (dialect, path) => {
    for (const method of ['GET', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'PROPFIND']) {
      expectRefusal(await raw(method, path), dialect, 404, new RegExp(`^There is nothing at ${method} /`));
    }
  });

  it.each([
    ['broken JSON', JSON_TYPE, '{'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=b'],
    ['a body above the limit', JSON_TYPE, 'x'.repeat(BODY_LIMIT + 1)],
  ])('that leads nowhere is unknown whatever is sent to it: %s', async (_, headers, body) => {
    expectRefusal(await raw('POST', '/api/v1/users/nothing', headers, body), 'envelope', 404, /nothing at POST/);
    expectRefusal(await raw('POST', '/v1/user/Nothing', headers, body), 'rpc', 404, /nothing at POST/);
    expectRefusal(await raw('PUT', PROFILE, headers, body), 'envelope', 405, /answers to POST/);
  });

  it.each([
    ['envelope', PROFILE, 'POST', ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']],
    ['rest', '/api/users/me', 'GET, HEAD', ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'LOCK']],
    ['rest', SESSIONS, 'DELETE, GET, HEAD', ['POST', 'PUT', 'PATCH', 'OPTIONS']],
    ['rest', SIGN_UP, 'POST', ['GET', 'PUT', 'DELETE']],
  ] as const)('of %s that knows other methods names them: %s', async (dialect, path, allow, methods) => {
    for (const method of methods) {
      const reply = await raw(method, path);
      expectRefusal(reply, dialect, 405, new RegExp(`does not answer to ${method}; it answers to ${allow}\\.$`));
      expect(reply.headers.get('allow')).toBe(allow);
    }
    const head = await raw('HEAD', path);
    expect([head.status, head.body]).toEqual([allow.includes('HEAD') ? 200 : 405, undefined]);
  });

  it.each([
    ['absolute', `http://elsewhere.example${PROFILE}`],
    ['percent-encoded', '/%61pi/%761/users/profile'],
    ['with a slash at the end', `${PROFILE}/`],
    ['with a query', `${PROFILE}?a=b`],
  ])('has one dialect, however it is spelled: %s', async (_, path) => {
    const head = { authorization: `Bearer ${admin.apiKey}` };
    const success = await sendRaw(app.url, requestText('POST', path, head));
    expect([success.status, success.body]).toEqual([200, { code: 200, data: expect.any(Object), status: 1 }]);
    expectRefusal(await sendRaw(app.url, requestText('POST', path)), 'envelope', 401, /^Not authenticated$/);
    expectRefusal(await sendRaw(app.url, requestText('POST', path, JSON_TYPE, '{')), 'envelope', 400, /JSON/);
    expectRefusal(await sendRaw(app.url, requestText('GET', path)), 'envelope', 405, /POST/);
  });

  it('is refused in the same headers as everything else', async () => {
    for (const reply of [await raw('DELETE', `${SESSIONS}%ff`), await raw('GET', '/nothing')]) {
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    }
  });
});

describe.each([SESSIONS, ENTRIES, MAILS])('the list %s', (path) => {
  it.each([
    '-1',
    '0',
    '1001',
    '9223372036854775808',
    '1e400',
    '1.5',
    'NaN',
    'Infinity',
    '',
    '%20',
    '1%00',
    '0x10',
    '+1',
    '١',
  ])('checklist 46: refuses the limit %j', async (limit) => {
    expectRefusal(await send('GET', `${path}?limit=${limit}`), 'rest', 400, /^limit must /);
  });

  it.each([
    'limit=1&limit=1',
    'limit[]=1',
    'limit[gt]=0',
    'offset=-1',
    'page=2',
    'constructor=1',
    '__proto__=1',
    'toString=1',
  ])('checklist 46: refuses the query %s', async (query) => {
    const [field = ''] = query.split('=');
    expectRefusal(
      await send('GET', `${path}?${query}`),
      'rest',
      400,
      new RegExp(`^${field.replace(/[[\]]/g, '\\$&')} `),
    );
  });

  const base64 = (text: string) => Buffer.from(text).toString('base64url');
  const ID = 'a'.repeat(22);
  it.each([
    '',
    'x',
    '%00',
    '%ff',
    '*',
    'null',
    'a'.repeat(201),
    base64(''),
    base64('-1'),
    base64('1.5'),
    base64('1e3'),
    base64('9'.repeat(16)),
    base64('1 1'),
    base64("1' OR '1'='1"),
    `${base64('1')}=`,
    `${base64('1')}!`,
    base64('1\0'),
    base64(`2026-06-20T08:00:00.000Z`),
    base64(`2026-06-20T08:00:00.000Z ${ID}x`),
    base64(`2026-02-30T08:00:00.000Z ${ID}`),
    base64(`2026-99-99T99:99:99.999Z ${ID}`),
    base64(`0000-01-01T00:00:00.000Z ${ID}`),
    base64(`2026-06-20T24:00:00.000Z ${ID}`),
    base64(`2026-06-20 08:00:00 ${ID}`),
    base64(`infinity ${ID}`),
    base64(`2026-06-20T08:00:00.000Z ' OR true -- `),
  ])('checklist 46: refuses the cursor %j', async (cursor) => {
    expectRefusal(await send('GET', `${path}?cursor=${cursor}`), 'rest', 400, /^cursor must /);
  });

  it('checklist 46: refuses two cursors', async () => {
    expectRefusal(await send('GET', `${path}?cursor=a&cursor=b`), 'rest', 400, /^cursor must be a string$/);
  });
});

describe('the id of a session', () => {
  it.each([
    'x',
    '0',
    '-1',
    'null',
    'undefined',
    '[object Object]',
    '*',
    '%',
    "' OR '1'='1",
    'a'.repeat(22),
    'a'.repeat(2_000),
    '..;',
    '{}',
    'ä',
    '💥',
    '%00',
    'a/b',
  ])('checklist 40: %j names no session', async (id) => {
    const reply = await raw('DELETE', SESSIONS + encodeURIComponent(id));
    expectRefusal(reply, 'rest', 404, /^There is no such session\.$/);
  });

  it('checklist 40: of somebody else names no session', async () => {
    const { body } = await app
      .client({ authorization: `Bearer ${alice.apiKey}` })
      .get<{ items: { id: string }[] }>(SESSIONS);
    expectRefusal(await raw('DELETE', SESSIONS + body.items[0]!.id), 'rest', 404, /^There is no such session\.$/);
  });

  it('checklist 30: is not the session itself, and that does not come to stand in the log', async () => {
    expectRefusal(await raw('DELETE', SESSIONS + alice.session), 'rest', 404, /^There is no such session\.$/);
    expect(app.logLines.join()).not.toContain(alice.session);
  });
});

describe('the account of a balance', () => {
  it.each(['0', '-1', '1.5', 'x', '', '9007199254740992', '9223372036854775808', '1&account=2'])(
    'checklist 46: is not %j',
    async (account) => {
      expectRefusal(await send('GET', `/api/credits/?account=${account}`), 'rest', 400, /^account must /);
    },
  );

  it('is nobody who does not exist', async () => {
    expectRefusal(await send('GET', '/api/credits/?account=9007199254740991'), 'rest', 404, /no such account/);
  });
});
