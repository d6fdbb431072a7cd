import createClient from 'openapi-fetch';
import type { paths } from './schema.js';

// What a program of a customer does with a generated client. Every annotation is checked against the generated types.
const [baseUrl, email, password] = process.argv.slice(2) as [string, string, string];
const visitor = createClient<paths>({ baseUrl });

const refused = await visitor.POST('/api/v1/users/login', { body: { email, password: 'not the password' } });
const refusal: { code: number; data: string; status: 0 } | undefined = refused.error;

const login = await visitor.POST('/api/v1/users/login', { body: { email, password } });
const token: string = login.data!.data.token;

const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const me = await client.GET('/api/users/me/');
const isVerified: boolean = me.data!.email_verified;

const entries = await client.GET('/api/credits/entries/', { params: { query: { limit: 1 } } });
const kind: 'grant' | 'charge' | 'refund' | 'hold' | 'capture' | 'release' | 'lapse' = entries.data!.items[0]!.kind;
const next: string | null = entries.data!.next_cursor;

const updated = await client.POST('/api/v1/users/profile/update', { body: { timezone: 'Australia/Brisbane' } });
const profile = await client.POST('/api/v1/users/profile');
const unknown = await client.DELETE('/api/users/me/sessions/{id}/', { params: { path: { id: 'none' } } });
const problem: string | undefined = unknown.error?.detail;

// The directory of the caller: all sixteen calls of rpc.
const joe = 'joe@example.com';
const passwords = { new_password: 'Password2', confirm_password: 'Password2' };
const mail = { email: joe, from_name: 'Awesome Dot Com', subject: 'A mail' };
const created = await client.POST('/v1/user/Create', {
  body: { id: 'user-1', email: joe, password: 'Password1', profile: { color: 'red' } },
});
const account: {
  id: string;
  username: string;
  email: string;
  created: string;
  updated: string;
  verified: boolean;
  verification_date: string;
  verificationDate: string;
  profile: { [key: string]: string };
} = created.data!.account;
const listed = await client.POST('/v1/user/List', { body: { limit: 25, offset: 0 } });
const found = await client.POST('/v1/user/Read', { body: { username: account.username } });
const changed = await client.POST('/v1/user/Update', { body: { id: account.id, username: 'joe' } });
const opened = await client.POST('/v1/user/Login', { body: { username: 'joe', password: 'Password1' } });
const session: { id: string; created: string; expires: string; userId: string } = opened.data!.session;
const shown = await client.POST('/v1/user/ReadSession', { body: { session_id: session.id } });
const owner: { account: { id: string }; session: { userId: string } } = shown.data!;
const closed = await client.POST('/v1/user/Logout', { body: { session_id: session.id } });
const closedAll = await client.POST('/v1/user/LogoutAll', { body: { user_id: account.id } });
const changedPassword = await client.POST('/v1/user/UpdatePassword', {
  body: { userId: account.id, old_password: 'Password1', ...passwords },
});
const code = await client.POST('/v1/user/SendPasswordResetEmail', { body: { ...mail, expiration: 60 } });
const reset = await client.POST('/v1/user/ResetPassword', { body: { email: joe, code: '012345', ...passwords } });
const failure: { id: string; code: number; detail: string; status: string } | undefined = reset.error;
const verification = await client.POST('/v1/user/SendVerificationEmail', { body: mail });
const verified = await client.POST('/v1/user/VerifyEmail', { body: { token: '012345' } });
const link = await client.POST('/v1/user/SendMagicLink', {
  body: { ...mail, address: 'www.example.com', endpoint: 'verifytoken' },
});
const verdict = await client.POST('/v1/user/VerifyToken', { body: { token: '012345' } });
const none: { userId: string } | null = verdict.data!.session;
const deleted = await client.POST('/v1/user/Delete', { body: { id: account.id } });

// @ts-expect-error a login without a password
await visitor.POST('/api/v1/users/login', { body: { email } });
// @ts-expect-error no such path
await visitor.GET('/api/users/you/');
// @ts-expect-error a deletion of nobody
await visitor.POST('/v1/user/Delete', { body: {} });

console.log(
  JSON.stringify({
    refusal,
    email: me.data!.email,
    isVerified,
    kind,
    next,
    timezone: updated.data!.data.timezone,
    id: profile.data!.data.id,
    problem,
    rpc: {
      account,
      users: listed.data!.users.length,
      username: found.data!.account.username,
      owner: [owner.account.id, owner.session.userId],
      failure,
      unverified: verified.error?.id,
      verdict: [verdict.data!.is_valid, none],
      nothing: [changed, closed, closedAll, changedPassword, code, verification, link, deleted].map(({ data }) => data),
    },
  }),
);
