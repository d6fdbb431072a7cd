import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { DataSource, type ColumnType, type EntityTarget } from 'typeorm';
import { Batcher } from '../batching/batcher.js';
import { Metrics } from '../operations/metrics.js';
import { isRefusedByDatabase } from './database-errors.js';
import type { TextRow } from './prepared-query.js';
import { PreparedStatements, type Statement } from './prepared-statements.js';

const IN_FLIGHT_MAX = 2;
const BATCH_SIZE_MAX = 500;
/** Chosen by measuring, see docs/adr/0015-the-hot-path.md. */
const STARTS_AT = [24, 40];

/** One value for each part of a key. */
type Key = readonly (string | number)[];

/**
 * The keys as rows for FROM: a column for each part of the key, and the place of the key among them, from 1. How many there are is
 * hidden from the planner, in subqueries. It would find a plan for exactly three keys cheaper than that for any number, although
 * they are the same, and plan each small batch anew, which takes longer than to run it.
 *
 * @see https://www.postgresql.org/docs/18/sql-prepare.html#SQL-PREPARE-NOTES
 */
export function keysAsRows(types: readonly string[]): string {
  const arrays = types.map((type, part) => `(SELECT $${part + 1}::${type}[])`);
  return `unnest(${arrays.join()}) WITH ORDINALITY`;
}

/** Takes an array for each part of the key, as `keysAsRows` does. The first column is the place of a row's key. */
export interface LookupStatement<Row> extends Statement {
  read(fields: TextRow): Row;
}

/**
 * Finds single rows by their keys. What is looked up while queries are in flight travels in the next one together, so every
 * answer is what the database said after it was asked for: nothing is remembered.
 */
export class Lookup<Row extends object> {
  private readonly batcher: Batcher<Key, Row | undefined>;

  constructor(statements: PreparedStatements, statement: LookupStatement<Row>, metrics: Metrics) {
    this.batcher = new Batcher<Key, Row | undefined>({
      run: async (keys) => {
        const columns = keys[0]!.map((_, part) => keys.map((key) => key[part]!));
        const found = new Array<Row | undefined>(keys.length).fill(undefined);
        for (const fields of await statements.run(statement, columns)) {
          found[Number(fields[0]) - 1] = statement.read(fields);
        }
        return found;
      },
      isWorthSplitting: isRefusedByDatabase,
      inFlightMax: IN_FLIGHT_MAX,
      sizeMax: BATCH_SIZE_MAX,
      startsAt: STARTS_AT,
      observer: metrics.ofBatcher(statement.name),
    });
  }

  /** @throws TooManyWaiting */
  find(...key: Key): Promise<Row | undefined> {
    return this.batcher.add(key);
  }
}

@Injectable()
export class Lookups {
  constructor(
    private readonly dataSource: DataSource,
    private readonly statements: PreparedStatements,
    private readonly metrics: Metrics,
  ) {}

  create<Row extends object>(statement: LookupStatement<Row>): Lookup<Row> {
    return new Lookup(this.statements, statement, this.metrics);
  }

  /** Rows of a table, as its entity is read (JSON as text), by columns that are unique together. */
  byColumns<Entity extends object>(entity: EntityTarget<Entity>, key: (keyof Entity & string)[]): Lookup<Entity> {
    const { tableName, columns } = this.dataSource.getMetadata(entity);
    const keyColumns = key.map((property) => columns.find((it) => it.propertyName === property)!);
    const names = keyColumns.map(({ databaseName }) => `"${databaseName}"`);
    const selected = columns.filter(({ isSelect }) => isSelect);
    const readers = selected.map(({ type }) => readerOf(type));
    const keys = keysAsRows(keyColumns.map(({ type }) => type as string));
    return this.create({
      name: `${tableName} by ${key.join()}`,
      text: `
        SELECT wanted.place, ${selected.map(({ databaseName }) => `found."${databaseName}"`).join()}
        FROM ${keys} AS wanted (${names.join()}, place)
        JOIN "${tableName}" AS found ON ${names.map((name) => `found.${name} = wanted.${name}`).join(' AND ')}`,
      read: ([, ...fields]) =>
        Object.fromEntries(
          selected.map(({ propertyName }, i) => [propertyName, fields[i] === null ? null : readers[i]!(fields[i]!)]),
        ) as Entity,
    });
  }
}

function readerOf(type: ColumnType): (text: string) => unknown {
  switch (type) {
    case 'bigint':
      return Number;
    case 'text':
    case 'jsonb':
      return (text) => text;
    case 'timestamptz':
      return pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date;
    default:
      throw new TypeError(`Nobody has needed a lookup that reads a column of the type ${String(type)}.`);
  }
}
