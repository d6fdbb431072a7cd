import { PRINCIPAL_COLUMNS, PrincipalsService, type PrincipalRow } from '../../src/auth/guard/principals.service.js';
import { startAltered } from './altered-server.js';
import { referencePool } from './reference-pool.js';

/**
 * The same server, guard and handler, but every request looks its caller up by itself, with one query through pg's pool.
 * `prepared` as argument: the query is a prepared statement, which saves the database most of its work.
 */
const QUERY = {
  ...(process.argv[2] === 'prepared' ? { name: 'one principal' } : {}),
  text: `SELECT ${PRINCIPAL_COLUMNS} FROM principals WHERE credential_id = $1 AND credential_kind = $2`,
};

await startAltered((app, { databaseUrl }) => {
  const pool = referencePool(databaseUrl);
  app.get(PrincipalsService).find = async ({ id, kind }) => {
    const { rows } = await pool.query<PrincipalRow>({ ...QUERY, values: [id, kind] });
    return rows[0];
  };
});
