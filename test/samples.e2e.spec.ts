import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { runProgram } from './support/run-program.js';
import { TestApp, type TestUser } from './support/test-app.js';

/** The programs that the pages print, as they stand in `samples/`: only URL, credential and address are filled in. */

const SAMPLES = new URL('samples/', import.meta.url);

interface Language {
  name: string;
  extension: string;
  command: string[];
  /** A command that succeeds where the samples can run; JavaScript always can. */
  check?: string[];
  /** How the samples of the language print an answer. */
  print(answer: Record<string, unknown>): string;
}

const LANGUAGES: Language[] = [
  {
    name: 'curl',
    extension: 'sh',
    command: ['sh'],
    check: ['curl', '--version'],
    print: (answer) => JSON.stringify(answer),
  },
  {
    name: 'Python with requests',
    extension: 'py',
    command: ['python3'],
    check: ['python3', '-c', 'import requests'],
    print: (answer) => `{${fields(answer, (key, value) => `'${key}': ${pythonText(value)}`).join(', ')}}\n`,
  },
  {
    name: 'JavaScript',
    extension: 'mjs',
    command: [process.execPath],
    print: (answer) => `${inspect(answer)}\n`,
  },
  {
    name: 'Ruby',
    extension: 'rb',
    command: ['ruby'],
    check: ['ruby', '--version'],
    print: (answer) => `{${fields(answer, (key, value) => `"${key}"=>${JSON.stringify(value)}`).join(', ')}}\n`,
  },
  {
    name: 'PHP with curl',
    extension: 'php',
    command: ['php', '-d', 'display_errors=stderr'],
    check: ['php', '-r', 'exit(function_exists("curl_init") ? 0 : 1);'],
    print: (answer) => `Array\n(\n${fields(answer, (key, value) => `    [${key}] => ${phpText(value)}\n`).join('')})\n`,
  },
  {
    name: 'Go',
    extension: 'go',
    command: ['go', 'run'],
    check: ['go', 'version'],
    print: (answer) =>
      `map[${fields(answer, (key, value) => `${key}:${String(value)}`)
        .sort()
        .join(' ')}]\n`,
  },
];

/** Building Go's standard library, the first time on a machine. */
const TIMEOUT_MS = 180_000;

let app: TestApp;
let folder: string;

beforeAll(async () => {
  app = await TestApp.start();
  folder = await mkdtemp(join(tmpdir(), 'tollgate-samples-'));
});
afterAll(async () => {
  await app.stop();
  await rm(folder, { recursive: true });
});

describe.each(LANGUAGES)('the samples of the rest page in $name', (language) => {
  const test = testIfAvailable(language);
  let john: TestUser;

  beforeEach(async () => {
    john = await app.aUser({ name: 'John Doe' });
  });

  test('get user info', async () => {
    const me = await app.client().get<Record<string, unknown>>('/api/users/me/', { 'x-api-key': john.apiKey });
    expect(me.body).toMatchObject({ email: john.email, first_name: 'John', access_token: john.accessToken });
    expect(await run('me', language, john)).toBe(language.print(me.body));
  });

  test('get access token', async () => {
    expect(john.accessToken).toMatch(/^tga/);
    expect(await run('token', language, john)).toBe(language.print({ access_token: john.accessToken }));
  });

  test('regenerate token', async () => {
    const printed = await run('regenerate', language, john);
    const next = /tga\w+/.exec(printed)?.[0] ?? '';

    const isShell = language.extension === 'sh';
    expect(printed.trimEnd()).toBe(isShell ? language.print({ access_token: next }) : `New token: ${next}`);
    expect(next).not.toBe(john.accessToken);
    expect(await statusOfMe(next)).toBe(200);
    expect(await statusOfMe(john.accessToken)).toBe(401);
  });

  async function run(sample: string, { extension, command }: Language, { accessToken }: TestUser): Promise<string> {
    return output(command, `rest/${sample}.${extension}`, {
      '<BASE_URL>': app.url,
      '<ACCESS_TOKEN>': accessToken,
    }).then((text) => (extension === 'rb' ? text.replaceAll(' => ', '=>') : text));
  }

  async function statusOfMe(credential: string): Promise<number> {
    return (await app.client().get('/api/users/me/', { authorization: `Bearer ${credential}` })).status;
  }
});

describe('the curl commands of the envelope page', () => {
  const test = testIfAvailable(LANGUAGES[0]!);
  let alice: TestUser;

  beforeEach(async () => {
    alice = await app.aUser({ name: 'Alice Jones', password: 'S3cur3p@ss' });
  });

  async function run(sample: string): Promise<unknown> {
    const text = await output(['sh'], `envelope/${sample}.sh`, {
      '<BASE_URL>': app.url,
      YOUR_API_KEY: alice.apiKey,
      'alice@example.com': alice.email,
    });
    return JSON.parse(text);
  }

  const success = (data: unknown) => ({ code: 200, data, status: 1 });
  const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

  test('login', async () => {
    const user = { id: alice.number, name: 'Alice Jones', email: alice.email };
    expect(await run('login')).toEqual(success({ token: expect.stringMatching(/^tgs/), user }));
  });

  test('profile', async () => {
    const user = { id: alice.number, name: 'Alice Jones', email: alice.email };
    expect(await run('profile')).toEqual(success({ ...user, created_at: TIME, updated_at: TIME }));
  });

  test('profile/update', async () => {
    expect(await run('profile-update')).toEqual(
      success({
        id: alice.number,
        name: 'Alice Smith',
        email: alice.email,
        timezone: 'Australia/Brisbane',
        notification_emails: true,
        updated_at: TIME,
      }),
    );
  });

  test('password/change', async () => {
    expect(await run('password-change')).toEqual(success('Password has been updated'));
    expect((await app.login(alice.email, 'N3wp@ss!')).id).toBe(alice.id);
  });

  test('account-details', async () => {
    expect(await run('account-details')).toEqual(
      success({
        id: alice.accountId,
        user: alice.number,
        api_key: alice.apiKey,
        system_emails: false,
        update_emails: false,
        notification_emails: false,
        timezone: 'UTC',
        unused_collection_expired: '',
        created_at: TIME,
        updated_at: TIME,
      }),
    );
  });

  test('api-key/update', async () => {
    expect(await run('api-key-update')).toEqual(success('API Key Updated successfully!'));
    expect(await run('profile')).toEqual({ code: 401, data: 'Not authenticated', status: 0 });
  });

  test('credits', async () => {
    expect(await run('credits')).toEqual(
      success({
        id: alice.accountId,
        user: alice.number,
        available_credits: 10_000,
        used_credits: 0,
        frozen_credits: 0,
        spendable_credits: 10_000,
        period_end: TIME,
        created_at: TIME,
        updated_at: TIME,
      }),
    );
  });
});

it.each(['/api/users/me/token/regenerate/', '/api/v1/users/profile'])(
  'takes an empty form at %s, at once or in no chunks, which is what PHP sends when it has nothing to post',
  async (path) => {
    const user = await app.aUser();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-api-key': user.session };
    expect((await app.client().send('POST', path, { headers, body: '' })).status).toBe(200);
    expect(await statusOfChunks(path, headers, [])).toBe(200);
    expect(await statusOfChunks(path, headers, ['a=', 'b'])).toBe(415);
  },
);

function statusOfChunks(path: string, headers: Record<string, string>, chunks: string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(`${app.url}${path}`, {
      method: 'POST',
      headers: { ...headers, 'transfer-encoding': 'chunked' },
    });
    call.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
    chunks.forEach((chunk) => call.write(chunk));
    call.end();
  });
}

/** A missing interpreter skips its tests: the summary counts them, and this says why. */
function testIfAvailable({ name, check }: Language): (sample: string, body: () => Promise<void>) => void {
  if (!check || isAvailable(check)) {
    return (sample, body) => it(sample, body, TIMEOUT_MS);
  }
  const reason = `"${check.join(' ')}" fails on this machine`;
  process.stderr.write(`SKIPPED: the samples in ${name}, because ${reason}.\n`);
  return (sample) => it.skip(`${sample} (skipped: ${reason})`, () => undefined);
}

function isAvailable([command, ...args]: string[]): boolean {
  return spawnSync(command!, args, { stdio: 'ignore' }).status === 0;
}

/** What a sample prints once its placeholders are filled in. It must succeed, and the server must be the only one it asks. */
async function output([command, ...args]: string[], sample: string, values: Record<string, string>): Promise<string> {
  let text = await readFile(new URL(sample, SAMPLES), 'utf8');
  for (const [placeholder, value] of Object.entries(values)) {
    text = text.replaceAll(placeholder, value);
  }
  const file = join(folder, sample.replace('/', '-'));
  await writeFile(file, text);
  const { exitCode, stdout, stderr } = await runProgram(command!, [...args, file], {
    cwd: folder,
    env: { NO_PROXY: '*', no_proxy: '*', GOPROXY: 'off', GOTOOLCHAIN: 'local' },
  });
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

function fields<Text>(answer: Record<string, unknown>, print: (key: string, value: unknown) => Text): Text[] {
  return Object.entries(answer).map(([key, value]) => print(key, value));
}

function pythonText(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : `'${String(value)}'`;
}

function phpText(value: unknown): string {
  return typeof value === 'boolean' ? (value ? '1' : '') : String(value);
}
