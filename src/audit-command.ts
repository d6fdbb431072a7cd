import { SingleBar } from 'cli-progress';
import { DataSource } from 'typeorm';
import { runCommand } from './command.js';
import { auditReport, counted } from './credits/audit/audit-report.js';
import { auditLedger, type AuditOptions, type LedgerAudit } from './credits/audit/ledger-audit.js';
import { dataSourceOptions } from './data-source.js';

/**
 * `npm run credits:audit`: proves that every balance is what its ledger adds up to, on the configured database, or on the
 * embedded one, which is started for it if no server is running. Exits with 0 when all of them are.
 */
const DIFFERENCES_MAX = 20;

await runCommand(process.env, async (databaseUrl) => {
  const audit = await auditDatabase(databaseUrl);
  process.stdout.write(`${auditReport(audit).join('\n')}\n`);
  return audit.differing === 0 ? 0 : 1;
});

async function auditDatabase(url: string): Promise<LedgerAudit> {
  // Without the time limit that queries of requests have.
  const dataSource = await new DataSource({ ...dataSourceOptions(url), extra: {} }).initialize();
  const progress = process.stderr.isTTY ? progressBar() : startLine();
  try {
    return await auditLedger(dataSource, { differencesMax: DIFFERENCES_MAX, ...progress });
  } finally {
    progress.onEnd?.();
    await dataSource.destroy();
  }
}

type Progress = Pick<AuditOptions, 'onStart' | 'onProgress'> & { onEnd?: () => void };

/** Where nobody is watching. */
function startLine(): Progress {
  return {
    onStart: (entries) => process.stderr.write(`credits:audit: reading ${counted(entries, 'entry', 'entries')}\n`),
  };
}

function progressBar(): Progress {
  const bar = new SingleBar({
    format: 'credits:audit [{bar}] {percentage}% | {value} of {total} entries | {eta_formatted} left',
    barsize: 20,
    formatValue: (value, _options, type) => (type === 'percentage' ? String(value) : value.toLocaleString('en-US')),
    stream: process.stderr,
    // The terminal's own wrapping stays on: an interrupted audit leaves it as it was.
    linewrap: true,
  });
  return {
    onStart: (entries) => bar.start(entries, 0),
    onProgress: (entries) => bar.update(entries),
    onEnd: () => bar.stop(),
  };
}
