import type { BenchDatabase } from '../database/bench-postgres.js';
import { FIRST_PERSON, PASSWORD, emailOf } from '../database/people.js';
import type { Question } from '../processes/ask.js';
import type { Probe, RightAnswer } from '../processes/right-answer.js';
import { peopleOf } from './requests.js';

/** A login takes a quarter of a second of a core, so a round needs more time than others to have enough of them. */
export const LOGIN_ROUND_FACTOR = 2.5;

export function loginQuestions(database: BenchDatabase, count: number): Question[] {
  return peopleOf(database, count).map(loginQuestion);
}

function loginQuestion(person: number): Question {
  return {
    method: 'POST',
    path: '/api/v1/users/login',
    body: JSON.stringify({ email: emailOf(person), password: PASSWORD }),
  };
}

/** To the first person, with whom `peopleOf` begins. */
export const LOGIN_RIGHT: RightAnswer = { status: 200, body: `"email":"${emailOf(FIRST_PERSON)}"` };

export const LOGIN_PROBE: Probe = { question: loginQuestion(FIRST_PERSON), right: LOGIN_RIGHT };
