import { DataSource } from 'typeorm';
import { auditLedger } from '../../src/credits/audit/ledger-audit.js';
import { dataSourceOptions } from '../../src/data-source.js';
import type { BenchDatabase } from './bench-postgres.js';

/** @throws when a balance is not what its ledger adds up to: then what was measured was not charging */
export async function expectSoundLedger({ url }: BenchDatabase): Promise<void> {
  const dataSource = await new DataSource({ ...dataSourceOptions(url), extra: {} }).initialize();
  try {
    const { differing, differences } = await auditLedger(dataSource, { differencesMax: 1 });
    if (differing > 0) {
      throw new Error(`The ledgers of ${differing} accounts do not add up: ${JSON.stringify(differences)}`);
    }
  } finally {
    await dataSource.destroy();
  }
}
