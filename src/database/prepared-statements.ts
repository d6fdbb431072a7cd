import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { PreparedQuery, type Parameter, type TextRow } from './prepared-query.js';

/** A statement that runs often. Its name is its own among all of them. */
export interface Statement {
  name: string;
  text: string;
}

/**
 * Runs statements that are parsed once per connection, on the pool of the data source, without what TypeORM
 * and the driver do around a query. For the few that nearly every request needs.
 */
@Injectable()
export class PreparedStatements {
  constructor(private readonly dataSource: DataSource) {}

  run({ name, text }: Statement, parameters: readonly Parameter[]): Promise<TextRow[]> {
    // The pool promises what its client tells the callback; its type knows only what clients return at once.
    return this.pool().query(new PreparedQuery(name, text, parameters)) as unknown as Promise<TextRow[]>;
  }

  private pool(): Pool {
    // Public in the driver, but not in the type that a data source gives away.
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }
}
