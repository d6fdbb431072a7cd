import type { BenchDatabase } from '../database/bench-postgres.js';
import { PASSWORD, emailOf } from '../database/people.js';
import type { Question } from '../processes/ask.js';
import { peopleOf, textOf } from './requests.js';

/** More than are hashed at once on most machines, fewer than may wait. */
export const LOGINS_AT_ONCE = 32;
/** A login takes a quarter of a second of a core, so a round needs more time than others to have enough of them. */
export const LOGIN_ROUND_FACTOR = 2.5;

export function loginRequests(database: BenchDatabase, count: number): string[] {
  return peopleOf(database, count).map((person) => textOf(loginQuestion(person)));
}

export function loginQuestion(person: number): Question {
  return {
    method: 'POST',
    path: '/api/v1/users/login',
    body: JSON.stringify({ email: emailOf(person), password: PASSWORD }),
  };
}
