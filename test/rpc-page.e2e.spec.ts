import { readFileSync } from 'node:fs';
import { document } from './support/contract.js';
import { TestSmtpServer } from './support/smtp-server.js';
import { TestApp } from './support/test-app.js';

/**
 * Every example of the rpc page: the requests as the document has them, for the page prints only their fields, and the
 * answers as the page prints them, in `samples/rpc/answers.json`. Only sessions, codes and tokens are filled in.
 */

type Json = string | boolean | null | Json[] | { [key: string]: Json };

const ANSWERS = JSON.parse(readFileSync(new URL('samples/rpc/answers.json', import.meta.url), 'utf8')) as {
  [endpoint: string]: Json;
};
const ENDPOINTS = Object.keys(ANSWERS);
const SECONDS = expect.stringMatching(/^(0|[1-9]\d*)$/) as string;
/** Where the page prints an account in short, or none at all. */
const ACCOUNT = {
  ...{ id: expect.any(String), username: expect.any(String), email: expect.any(String) },
  ...{ created: SECONDS, updated: SECONDS },
  ...{ verified: expect.any(Boolean), verification_date: SECONDS, verificationDate: SECONDS, profile: {} },
};

const SPELLINGS: [string, (request: object) => object][] = [
  ['as printed', (request) => request],
  ['in lowerCamelCase', inCamelCase],
  ['with fields that it does not have', (request) => ({ ...request, color: 'red', runtimeType: null })],
];

let smtp: TestSmtpServer;
let app: TestApp;
let apiKey: string;

beforeAll(async () => {
  smtp = await TestSmtpServer.start();
  app = await TestApp.start({ smtpUrl: smtp.url, creditsPerPeriod: 100_000 });
});
afterAll(async () => {
  await app.stop();
  await smtp.stop();
});
beforeEach(async () => {
  ({ apiKey } = await app.aUser());
  smtp.mails.length = 0;
});

it('has an answer to each of the sixteen calls', () => {
  const paths = Object.keys(document.paths).filter((path) => path.startsWith('/v1/user/'));
  expect(ENDPOINTS.map((endpoint) => `/v1/user/${endpoint}`).sort()).toEqual(paths.sort());
});

describe.each(ENDPOINTS)('%s', (endpoint) => {
  it.each(SPELLINGS)('is answered as the page prints it: %s', async (_, spelling) => {
    if (endpoint !== 'Create') {
      await call('Create', requestOf('Create'));
      await call('Create', { email: 'jane@example.com', id: 'user-2', password: 'Password1', username: 'jane' });
    }
    const answer = await call(endpoint, spelling({ ...requestOf(endpoint), ...(await secretOf(endpoint)) }));
    expect(answer).toEqual(endpoint === 'Create' ? { account: ACCOUNT } : likeness(ANSWERS[endpoint]!));
    if (endpoint.startsWith('Send')) {
      await smtp.mailTo('joe@example.com');
    }
  });
});

async function call(endpoint: string, request: object): Promise<unknown> {
  const reply = await app.client({ authorization: `Bearer ${apiKey}` }).post(`/v1/user/${endpoint}`, request);
  expect([endpoint, reply.status, reply.body]).toEqual([endpoint, 200, expect.any(Object)]);
  return reply.body;
}

function requestOf(endpoint: string): object {
  return document.paths[`/v1/user/${endpoint}`]!.post!.requestBody!.content['application/json']!.example as object;
}

/** What only this server knows: a session, or what it has sent by mail. */
async function secretOf(endpoint: string): Promise<object> {
  switch (endpoint) {
    case 'Logout':
    case 'ReadSession': {
      const { session } = (await call('Login', requestOf('Login'))) as { session: { id: string } };
      return { session_id: session.id };
    }
    case 'ResetPassword':
      return { code: await mailed('SendPasswordResetEmail', /: (\w{8})\s*$/) };
    case 'VerifyEmail':
      return { token: await mailed('SendVerificationEmail', /token=(\w+)/) };
    case 'VerifyToken':
      return { token: await mailed('SendMagicLink', /verifytoken\/(\w+)/) };
    default:
      return {};
  }
}

async function mailed(endpoint: string, pattern: RegExp): Promise<string> {
  await call(endpoint, requestOf(endpoint));
  return pattern.exec((await smtp.mailTo('joe@example.com')).text!)![1]!;
}

/** The same fields with values of the same kind; numbers of 64 bits are decimal strings. */
function likeness(printed: Json): unknown {
  if (typeof printed === 'string') {
    return /^\d+$/.test(printed) ? SECONDS : expect.any(String);
  }
  if (Array.isArray(printed)) {
    return printed.map(likeness);
  }
  if (typeof printed === 'object' && printed !== null) {
    const fields = Object.entries(printed).map(([key, value]) => [key, likeness(value)]);
    return { ...('username' in printed ? ACCOUNT : {}), ...Object.fromEntries(fields) };
  }
  return printed;
}

function inCamelCase(request: object): object {
  const spelled = Object.entries(request).map(([name, value]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value as unknown,
  ]);
  return Object.fromEntries(spelled) as object;
}
