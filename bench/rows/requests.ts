import type { BenchDatabase } from '../database/bench-postgres.js';
import { FIRST_PERSON, credentialOf, emailOf } from '../database/people.js';
import type { Question } from '../processes/ask.js';
import type { Probe, RightAnswer } from '../processes/right-answer.js';
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
export function meQuestions(people: number[], kind: CredentialKind): Question[] {
  return people.map((person) => meQuestion(credentialOf(person, kind)));
}

/** To the first person, with whom `peopleOf` begins. */
export const ME_RIGHT: RightAnswer = { status: 200, body: `"email":"${emailOf(FIRST_PERSON)}"` };

export const ME_PROBE: Probe = { question: meQuestion(credentialOf(FIRST_PERSON, 'api_key')), right: ME_RIGHT };
