import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { otherServer } from './other-server.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-other-server-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(text: string): Promise<string> {
  const file = join(folder, 'credentials.txt');
  await writeFile(file, text);
  return file;
}

const described = (url: string, headers: string[] = [], credentials?: string) =>
  otherServer({ url, method: 'GET', headers, body: undefined, credentials });

it('asks for the path and the query of the URL', () => {
  const { address, questions, name } = described('http://other.example/users/me?as=json&all');
  expect(address).toEqual({ host: 'other.example', port: 80 });
  expect(questions).toEqual([{ method: 'GET', path: '/users/me?as=json&all', headers: { host: 'other.example' } }]);
  expect(name).toBe('GET http://other.example/users/me?as=json&all');
});

it('names an IPv6 address without brackets where connections are made, and with them in the request', () => {
  const { address, questions } = described('http://[::1]:4000');
  expect(address).toEqual({ host: '::1', port: 4000 });
  expect(questions).toEqual([{ method: 'GET', path: '/', headers: { host: '[::1]:4000' } }]);
});

it('puts each credential of the file in its place', async () => {
  const headers = ['Authorization: Bearer {credential}', 'X-Both: {credential}/{credential}', 'X-Other: none'];
  const { questions } = described('http://other.example', headers, await fileOf('one\r\n\n  $& two \n'));
  const sent = (credential: string) => ({
    host: 'other.example',
    authorization: `Bearer ${credential}`,
    'x-both': `${credential}/${credential}`,
    'x-other': 'none',
  });
  expect(questions.map((question) => question.headers)).toEqual([sent('one'), sent('$& two')]);
});

it('refuses what says less than it seems to', async () => {
  const url = 'http://other.example';
  const header = ['x-api-key: {credential}'];
  const file = await fileOf('one\n');
  expect(() => described(url, header)).toThrow('{credential} needs --credentials FILE.');
  expect(() => described(url, ['x-api-key: one'], file)).toThrow('--credentials needs a --header with {credential}');
  expect(() => described(url, header, join(folder, 'none.txt'))).toThrow('--credentials cannot be read: ENOENT');
  expect(() => described(url, header, folder)).toThrow('--credentials cannot be read: EISDIR');
  const empty = await fileOf(' \n\n');
  expect(() => described(url, header, empty)).toThrow('--credentials: there is none in');
  expect(() => described(url, ['x-api-key'])).toThrow("--header must be like 'Name: value'");
  expect(() => described('https://other.example')).toThrow('--against must be a URL that begins with http://.');
  expect(() => described('other.example')).toThrow('--against must be a URL that begins with http://.');
  expect(() => described('http://me:secret@other.example')).toThrow('--against takes no user and password');
  const head = { url, method: 'head', headers: [], body: undefined, credentials: undefined };
  expect(() => otherServer(head)).toThrow('--method HEAD cannot be measured');
});
