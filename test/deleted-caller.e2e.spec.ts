import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { Account } from '../src/accounts/account.entity.js';
import { CredentialStrategy } from '../src/auth/guard/credential.strategy.js';
import type { Client } from './support/client.js';
import { afterWaiting } from './support/lock.js';
import { PASSWORD, TestApp } from './support/test-app.js';

/** Callers who are deleted when the guard has let them in already: they are told what it would tell them now. */

const OWN: [path: string, body: object][] = [
  ['profile', {}],
  ['profile/update', { name: 'Joe', timezone: 'Europe/Paris' }],
  ['password/change', { old_password: PASSWORD, new_password: 'another password' }],
  ['account-details', {}],
];
const REFUSED = { status: 401, body: { code: 401 } };

/** Somebody, and those who can delete them. */
interface Deletable {
  email: string;
  caller: Client;
  deleter: Client;
}

let app: TestApp;
let admin: Client;
let owner: Client;

beforeAll(async () => {
  app = await TestApp.start();
  admin = app.client({ 'x-api-key': (await app.anAdministrator()).apiKey });
  owner = app.client({ 'x-api-key': (await app.aUser()).apiKey });
});
afterAll(() => app.stop());
afterEach(() => jest.restoreAllMocks());

async function aPerson(): Promise<Deletable> {
  const { email, session } = await app.aUser();
  return { email, caller: app.client({ authorization: `Bearer ${session}` }), deleter: admin };
}

/** With an access token and an API key, and without an account. */
async function aManagedUser(): Promise<Deletable> {
  const email = `joe-${Math.random().toString(36).slice(2)}@example.com`;
  await owner.post('/v1/user/Create', { email, password: PASSWORD });
  const login = await owner.post<{ session: { id: string } }>('/v1/user/Login', { email, password: PASSWORD });
  const caller = app.client({ authorization: `Bearer ${login.body.session.id}` });
  await caller.get('/api/users/me/token/');
  return { email, caller, deleter: owner };
}

const SOMEBODY = { 'a person of the platform': aPerson, 'a managed user': aManagedUser };

/** The guard lets the next caller in, and they are deleted before anything else happens. */
function deleteNext(deleter: Client): void {
  const strategy = app.nest.get(CredentialStrategy);
  const validate = strategy.validate.bind(strategy);
  jest.spyOn(strategy, 'validate').mockImplementationOnce(async (request) => {
    const principal = await validate(request);
    const deletion = await deleter.post('/v1/user/Delete', { id: principal.person.externalId });
    expect(deletion.status).toBe(200);
    return principal;
  });
}

describe.each(Object.entries(SOMEBODY))('%s', (_, somebody) => {
  it.each(OWN)('who is deleted then: %s', async (path, body) => {
    const { caller, deleter } = await somebody();
    deleteNext(deleter);
    expect(await caller.post(`/api/v1/users/${path}`, body)).toMatchObject(REFUSED);
  });
});

it.each([
  ['a person of the platform', 'profile/update', aPerson],
  ['a managed user', 'profile/update', aManagedUser],
  ['a managed user', 'account-details', aManagedUser],
] as const)('%s who is just being deleted: %s', async (_, path, somebody) => {
  const { email, caller } = await somebody();
  const reply = await afterWaiting(
    app.database,
    (other) => other.query('DELETE FROM users WHERE email = $1', [email]),
    () => caller.post(`/api/v1/users/${path}`, {}),
  );
  expect(reply).toMatchObject(REFUSED);
});

it('a managed user whose account is opened, and who is deleted before it is read', async () => {
  const { caller, email } = await aManagedUser();
  const { manager } = app.nest.get(DataSource);
  const findOneBy = manager.findOneBy.bind(manager);
  let reads = 0;
  jest.spyOn(manager, 'findOneBy').mockImplementation(async (entity, where) => {
    if (entity === Account && ++reads === 2) {
      await app.database.query('DELETE FROM users WHERE email = $1', [email]);
    }
    return findOneBy(entity, where);
  });
  expect(await caller.post('/api/v1/users/account-details')).toMatchObject(REFUSED);
  expect(reads).toBe(2);
});
