import type { BenchDatabase } from '../database/bench-postgres.js';
import { FIRST_PERSON, credentialOf } from '../database/people.js';
import { requestText } from '../load/plan.js';
import type { Question } from '../processes/ask.js';
import type { CredentialKind } from '../../src/route-policy/principal.js';

export const ME = '/api/users/me/';

/** So many different people, spread evenly over all of a database. */
export function peopleOf(database: BenchDatabase, count: number): number[] {
  const step = database.people / Math.min(count, database.people);
  return Array.from({ length: Math.min(count, database.people) }, (_, i) => FIRST_PERSON + Math.floor(i * step));
}

export function meQuestion(credential: string): Question {
  return { method: 'GET', path: ME, headers: { authorization: `Bearer ${credential}` } };
}

/** `GET /api/users/me/` with the credentials of many. */
export function meRequests(people: number[], kind: CredentialKind): string[] {
  return people.map((person) => textOf(meQuestion(credentialOf(person, kind))));
}

export function textOf(question: Question): string {
  return requestText({ host: 'bench.example', ...question });
}
