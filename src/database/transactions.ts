import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { isWorthRetrying } from './database-errors.js';

/** The first parameter of a service method that joins its caller's transaction. */
export type Transaction = EntityManager;

const ATTEMPTS_MAX = 5;

/** Does `work`, and all of it again after a deadlock or a serialization failure, which leave nothing behind. */
export async function retried<Result>(work: () => Promise<Result>, attemptsMax = ATTEMPTS_MAX): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attemptsMax || !isWorthRetrying(error)) {
        throw error;
      }
      await sleep(Math.random() * 2 ** attempt * 5);
    }
  }
}

/** Runs use cases in transactions. */
@Injectable()
export class Transactions {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in a transaction of its own. After a deadlock or a serialization failure the whole of it runs again,
   * so it must hold database calls and pure code only.
   */
  run<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return retried(() => this.dataSource.transaction(work));
  }
}
