import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { isWorthRetrying } from './database-errors.js';

/** The first parameter of a service method that joins its caller's transaction. */
export type Transaction = EntityManager;

const ATTEMPTS_MAX = 5;

/** Runs use cases in transactions. */
@Injectable()
export class Transactions {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in a transaction of its own. After a deadlock or a serialization failure the whole of it runs again,
   * so it must hold database calls and pure code only.
   */
  async run<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.dataSource.transaction(work);
      } catch (error) {
        if (attempt === ATTEMPTS_MAX || !isWorthRetrying(error)) {
          throw error;
        }
        await sleep(Math.random() * 2 ** attempt * 5);
      }
    }
  }
}
