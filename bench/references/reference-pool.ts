import pg from 'pg';

const BIGINT: number = pg.types.builtins.INT8;

/** As many connections as the server's own pool has, and bigint read as it reads it. */
export function referencePool(connectionString: string): pg.Pool {
  const getTypeParser = ((oid: number, format: 'text' | 'binary') =>
    oid === BIGINT ? Number : (pg.types.getTypeParser(oid, format) as unknown)) as never;
  return new pg.Pool({ connectionString, max: 20, types: { getTypeParser } });
}
