/** The workers cannot be brought up. One line per problem, for the operator. */
export class WorkersFailed extends Error {
  constructor(readonly problems: string[]) {
    super(problems.join('\n'));
  }
}
