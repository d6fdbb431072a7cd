import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dialectOf } from '../src/dialects/dialect.js';
import { document, validate, type Media, type Operation, type Schema } from './support/contract.js';
import { nestRoutes, withoutSlash } from './support/nest-routes.js';
import { runProgram } from './support/run-program.js';
import { PASSWORD, TestApp } from './support/test-app.js';

/** The document as its readers need it: complete, true, and of use to programs that make clients of it. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DOCUMENT_FILE = join(ROOT, 'dist/openapi.json');

interface PlacedOperation extends Operation {
  method: string;
  path: string;
}

const operations: PlacedOperation[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
);

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start({ creditsPerPeriod: 100_000 });
});
afterAll(() => app.stop());

describe('the document', () => {
  it('is OpenAPI 3.1 and offers the three places of a credential', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.components.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', description: expect.any(String) },
      apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: expect.any(String) },
      session: { type: 'apiKey', in: 'header', name: 'X-Session-Token', description: expect.any(String) },
    });
  });

  it('gives every operation a name of its own, a summary and a tag that is described', () => {
    const described = document.tags.filter((tag) => tag.description).map((tag) => tag.name);
    expect(new Set(operations.map((it) => it.operationId)).size).toBe(operations.length);
    expect(operations.filter((it) => !/^[a-z][A-Za-z]{3,}$/.test(it.operationId)).map(named)).toEqual([]);
    expect(operations.filter((it) => !it.summary || it.summary.length > 60).map(named)).toEqual([]);
    expect(operations.filter((it) => it.tags.length !== 1 || !described.includes(it.tags[0]!)).map(named)).toEqual([]);
    expect(new Set(described)).toEqual(new Set(operations.flatMap((it) => it.tags)));
  });

  it('carries nothing of how it was made', async () => {
    const extensions = (await readFile(DOCUMENT_FILE, 'utf8')).match(/"x-[^"]+":/g) ?? [];
    expect(extensions.filter((name) => !/^"x-(price|operation)":$/.test(name))).toEqual([]);
  });

  it('says of every property what it is', () => {
    const vague = Object.entries(document.components.schemas).flatMap(([name, schema]) => vaguePlaces(schema, name));
    expect(vague).toEqual(['NoFieldsRequest']);
  });

  it('gives times, and the email addresses of requests, their format', () => {
    const properties = Object.entries(document.components.schemas).flatMap(([name, schema]) =>
      Object.entries(schema.properties ?? {}).map(([property, { format }]) => ({ name, property, format })),
    );
    const withoutFormat = properties.filter(
      ({ name, property, format }) =>
        (/_at$|^period_end$/.test(property) && format !== 'date-time') ||
        (/^(email|recipient)$/.test(property) && format !== (name.endsWith('Request') ? 'email' : undefined)) ||
        (/password$/.test(property) && format !== 'password'),
    );
    expect(withoutFormat).toEqual([]);
  });

  it('asks for no parameter that has a default', () => {
    const parameters = operations.flatMap((operation) => operation.parameters);
    expect(parameters.filter(({ required, schema }) => required && 'default' in schema)).toEqual([]);
    expect(parameters.filter((parameter) => parameter.name === 'limit').length).toBeGreaterThan(0);
  });

  it.each(operations.map((operation) => [named(operation), operation] as const))(
    'has examples of %s that fit their own schemas',
    (_, operation) => {
      for (const [type, media] of Object.entries(operation.requestBody?.content ?? {})) {
        expectExample(media, `request ${type}`);
      }
      const { failureType } = dialectOf(operation.path);
      for (const [status, { content }] of Object.entries(operation.responses)) {
        if (Number(status) < 400) {
          expect(content === undefined).toBe(['204', '302'].includes(status));
        } else if (!(content && 'text/html' in content)) {
          expect(Object.keys(content ?? {})).toEqual([failureType.split(';')[0]]);
        }
        for (const [type, media] of Object.entries(content ?? {})) {
          expectExample(media, `${status} ${type}`);
        }
      }
    },
  );

  it('has no example of an Idempotency-Key, which Swagger UI would send with every request', () => {
    const keys = Object.values(document.paths)
      .flatMap((item) => Object.values(item))
      .flatMap(({ parameters = [] }) => parameters.filter(({ name }) => name === 'Idempotency-Key'));
    expect(keys.length).toBeGreaterThan(5);
    expect(JSON.stringify(keys)).not.toContain('"example');
  });

  it.each(pageExamples())('has the examples of the pages: %s', (path, { request, answer }) => {
    const method = request === undefined ? 'GET' : 'POST';
    const operation = operations.find((it) => it.path === path && it.method === method)!;
    if (request !== undefined) {
      expect(operation.requestBody!.content['application/json']!.example).toEqual(request);
    }
    expect(operation.responses['200']!.content!['application/json']!.example).toEqual(answer);
  });

  it('names the headers that come with an answer', () => {
    const login = operations.find((it) => it.operationId === 'envelopeLogin')!;
    const headers = Object.fromEntries(
      Object.entries(login.responses).map(([status, response]) => [status, Object.keys(response.headers)]),
    );
    expect(headers).toMatchObject({
      200: ['Set-Cookie', 'X-Request-Id'],
      400: ['X-Request-Id'],
      401: ['WWW-Authenticate', 'X-Request-Id'],
      429: ['Retry-After', 'X-Request-Id'],
      503: ['Retry-After', 'X-Request-Id'],
    });
  });
});

describe('the document and the server', () => {
  it('agree on the routes, and every route says who may call it', () => {
    const routes = nestRoutes(app.nest);
    expect(routes.filter(({ policy }) => policy === undefined)).toEqual([]);
    expect(routes.map(({ name }) => name).sort()).toEqual(
      operations.map(({ method, path }) => `${method} ${withoutSlash(path)}`).sort(),
    );
  });

  it('are served together: the document is the one that the build made', async () => {
    const response = await fetch(`${app.url}/openapi.json`);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.text()).toBe(await readFile(DOCUMENT_FILE, 'utf8'));
  });

  it.each(operations.map((operation) => [named(operation), operation] as const))(
    'agree on whether %s needs a credential',
    async (_, operation) => {
      const reply = await app.client().send(operation.method, urlOf(operation));
      expect([404, 405]).not.toContain(reply.status);
      expect(reply.status === 401).toBe(operation.security.length > 0);
      expect(reply.headers.has('www-authenticate')).toBe(reply.status === 401);
    },
  );

  // The client refuses every answer that the document does not name.
  it.each(operations.map((operation) => [named(operation), operation] as const))(
    'agree on how %s refuses what it cannot read',
    async (_, operation) => {
      const user = await app.aUser();
      const client = app.client({ authorization: `Bearer ${user.session}` });
      const send = (headers: Record<string, string>, body?: unknown) =>
        client.send(operation.method, urlOf(operation), { headers, body });
      const json = { 'content-type': 'application/json' };

      const refusals = [await send({ 'x-api-key': 'another' })];
      if (operation.method !== 'GET') {
        refusals.push(
          await send(json, '{"broken'),
          await send(json, '[]'),
          await send(json, '{"color": "red"}'),
          await send(json, `"${'x'.repeat(300_000)}"`),
          await send({ 'content-type': 'text/plain' }, 'hello'),
        );
      }
      expect(refusals.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
    },
  );
});

describe('the page at /docs', () => {
  it.each(['/docs', '/docs/', '/docs?from=mail'])('asks for everything relative to %s', async (path) => {
    const answer = await fetch(app.url + path);
    const page = await answer.text();
    expect(page).toContain('<title>Tollgate API</title>');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'; img-src");

    const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(3);
    const below = new URL(path, 'http://proxy.example').href.replace('.example/', '.example/some/path/');
    for (const link of links) {
      const { href } = new URL(link, below);
      expect(href).toMatch(/^http:\/\/proxy\.example\/some\/path\/docs\//);
      expect(await statusOf(href.replace('http://proxy.example/some/path', app.url))).toBe(200);
    }
  });

  it('gives nothing of the package but what it needs', async () => {
    const paths = ['package.json', 'index.html', 'swagger-ui.js', '../start.js/../assets/package.json'];
    for (const path of paths) {
      expect([path, await statusOf(`${app.url}/docs/assets/${path}`)]).toEqual([path, 404]);
    }
  });
});

describe('programs that read the document', () => {
  it('redocly has nothing to say against it', async () => {
    const report = await succeeds('@redocly/cli/bin/cli.js', ['lint', '--format=json', DOCUMENT_FILE]);
    expect(JSON.parse(report.slice(report.indexOf('{')))).toMatchObject({
      totals: { errors: 0, warnings: 0 },
      problems: [],
    });
  });

  it('openapi-typescript makes a client of it that compiles and works', async () => {
    // Below dist, so that the client finds its packages as that of a customer would.
    const folder = await mkdtemp(join(ROOT, 'dist/client-'));
    try {
      await copyFile(join(ROOT, 'test/generated-client/calls.ts'), join(folder, 'calls.ts'));
      await succeeds('openapi-typescript/bin/cli.js', [DOCUMENT_FILE, '--output', join(folder, 'schema.ts')]);
      await succeeds('typescript/bin/tsc', [...STRICTLY, join(folder, 'calls.ts')]);

      const user = await app.aUser();
      const { stdout, stderr } = await runProgram(process.execPath, [
        join(folder, 'calls.js'),
        app.url,
        user.email,
        PASSWORD,
      ]);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({
        refusal: { code: 401, data: 'Invalid email or password!', status: 0 },
        email: user.email,
        isVerified: false,
        kind: 'grant',
        next: null,
        timezone: 'Australia/Brisbane',
        id: user.number,
        problem: 'There is no such session.',
        rpc: {
          account: expect.objectContaining({ id: 'user-1', verificationDate: '0', profile: { color: 'red' } }),
          users: 1,
          username: 'joe@example.com',
          owner: ['user-1', 'user-1'],
          failure: {
            id: 'auth.code_refused',
            code: 400,
            detail: 'code is not valid, or not any more',
            status: 'Bad Request',
          },
          unverified: 'auth.code_refused',
          verdict: [false, null],
          nothing: Array(8).fill({}),
        },
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const STRICTLY = [
  ...['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck', '--ignoreConfig'],
  ...['--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,dom,dom.iterable', '--types', 'node'],
];

async function succeeds(program: string, args: string[]): Promise<string> {
  const result = await runProgram(process.execPath, [join(ROOT, 'node_modules', program), ...args], {
    cwd: ROOT,
    env: { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  expect(result).toMatchObject({ exitCode: 0 });
  return result.stdout;
}

/** Reads the whole answer: one that is left unread keeps its connection, and so the server, from closing. */
async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

function named({ method, path }: PlacedOperation): string {
  return `${method} ${path}`;
}

function urlOf({ path }: PlacedOperation): string {
  return path.replaceAll(/\{[^}]+\}/g, 'none');
}

/** Places of a schema that a generator could only call `unknown`. */
function vaguePlaces(schema: Schema, place: string): string[] {
  if (schema.$ref !== undefined) {
    return [];
  }
  if (schema.oneOf) {
    return schema.oneOf.flatMap((part) => vaguePlaces(part, place));
  }
  const isVague =
    schema.type === undefined ||
    (schema.type === 'object' && !schema.additionalProperties && Object.keys(schema.properties ?? {}).length === 0) ||
    (schema.type === 'array' && schema.items === undefined);
  return [
    ...(isVague ? [place] : []),
    ...(schema.items ? vaguePlaces(schema.items, `${place}[]`) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) => vaguePlaces(property, `${place}.${name}`)),
  ];
}

function expectExample({ schema, example, examples = {} }: Media, where: string): void {
  const values = [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)];
  expect([where, values.length > 0]).toEqual([where, true]);
  for (const value of values) {
    validate(where, schema, value);
  }
}

/** As printed on the pages, but for email addresses, which are scrambled there, and for the fields that are ours. */
function pageExamples(): [path: string, { request?: unknown; answer: unknown }][] {
  const success = (data: unknown) => ({ code: 200, data, status: 1 });
  const alice = { id: 42, name: 'Alice Smith', email: 'alice@example.com' };
  const login = { email: 'alice@example.com', password: 'S3cur3p@ss' };
  const update = { name: 'Alice Smith', timezone: 'Australia/Brisbane', notification_emails: true };
  return [
    ['/api/v1/users/login', { request: login, answer: success({ token: '9a8b7c6d5e4f...', user: alice }) }],
    [
      '/api/v1/users/profile',
      {
        request: {},
        answer: success({ ...alice, created_at: '2025-01-15T09:00:00Z', updated_at: '2026-06-01T12:00:00Z' }),
      },
    ],
    [
      '/api/v1/users/profile/update',
      { request: update, answer: success({ ...alice, ...update, updated_at: '2026-06-20T08:00:00Z' }) },
    ],
    [
      '/api/v1/users/password/change',
      {
        request: { old_password: 'S3cur3p@ss', new_password: 'N3wp@ss!' },
        answer: success('Password has been updated'),
      },
    ],
    [
      '/api/v1/users/account-details',
      {
        request: {},
        answer: success({
          id: 7,
          user: 42,
          api_key: 'aBcDeFg.xYz...',
          system_emails: false,
          update_emails: false,
          notification_emails: false,
          timezone: 'Australia/Brisbane',
          unused_collection_expired: expect.any(String),
          created_at: '2025-01-15T09:00:00Z',
          updated_at: '2026-06-01T12:00:00Z',
        }),
      },
    ],
    ['/api/v1/users/api-key/update/', { request: {}, answer: success('API Key Updated successfully!') }],
    [
      '/api/v1/users/credits/',
      {
        request: {},
        answer: success({
          id: 5,
          user: 42,
          available_credits: 10000,
          used_credits: 342,
          frozen_credits: 0,
          spendable_credits: 10000 - 342,
          period_end: '2026-07-20T00:00:00Z',
          created_at: '2025-01-15T09:00:00Z',
          updated_at: '2026-06-20T00:00:00Z',
        }),
      },
    ],
    [
      '/api/users/me/',
      {
        answer: {
          external_id: 'abc123',
          email: 'user@example.com',
          email_verified: true,
          username: 'user',
          first_name: 'John',
          last_name: 'Doe',
          is_authenticated: true,
          access_token: 'NhqPaZgfmRLxcBvYS...',
        },
      },
    ],
    ['/api/users/me/token/', { answer: { access_token: 'NhqPaZgfmRLxcBvYS...' } }],
    ['/api/users/me/token/regenerate/', { request: {}, answer: { access_token: 'dGhpcyBpcyBhIG5ldyB0b2tlbg...' } }],
  ];
}
