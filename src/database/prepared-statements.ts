import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';

/** A statement that runs often. Its name is its own among all of them. */
export interface Statement {
  name: string;
  text: string;
}

/**
 * Runs statements that are parsed and planned once per connection, on the pool of the data source, without what TypeORM
 * does around a query. For the few that nearly every request needs.
 */
@Injectable()
export class PreparedStatements {
  constructor(private readonly dataSource: DataSource) {}

  async run<Row extends object>(statement: Statement, values: unknown[]): Promise<Row[]> {
    const { rows } = await this.pool().query<Row>({ ...statement, values });
    return rows;
  }

  private pool(): Pool {
    // Public in the driver, but not in the type that a data source gives away.
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }
}
