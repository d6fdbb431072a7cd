import { ask, type Address, type PlainAnswer, type Question } from './ask.js';

/** How the right answer to a question is told from a quick mistake. */
export interface RightAnswer {
  status: number;
  /** Stands somewhere in its body. */
  body: string;
}

/** A question to know a server by. */
export interface Probe {
  question: Question;
  right: RightAnswer;
}

/** @throws when it is not the right one */
export async function askFor(right: RightAnswer, server: Address, question: Question): Promise<PlainAnswer> {
  const answer = await ask(server, question);
  expectRight(answer, { question, right });
  return answer;
}

/** @throws when it is not the right one */
export function expectRight({ status, body }: PlainAnswer, { question, right }: Probe): void {
  if (status !== right.status || !body.includes(right.body)) {
    const wanted = `${right.status} with ${right.body}`;
    throw new Error(`${question.method} ${question.path} was to answer ${wanted}, and answered ${status}: ${body}`);
  }
}
