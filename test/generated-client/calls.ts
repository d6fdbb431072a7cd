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

// @ts-expect-error a login without a password
await visitor.POST('/api/v1/users/login', { body: { email } });
// @ts-expect-error no such path
await visitor.GET('/api/users/you/');

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
  }),
);
