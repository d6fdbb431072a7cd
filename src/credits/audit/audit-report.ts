import type { LedgerAudit } from './ledger-audit.js';

/** What an audit says: a line for each account that disagrees with its ledger, and the verdict at the end. */
export function auditReport({ accounts, entries, openHolds, differing, differences }: LedgerAudit): string[] {
  const lines = differences.map(({ accountId, problems }) => `account ${accountId}: ${problems.join('; ')}`);
  if (differing > differences.length) {
    lines.push(`… and ${counted(differing - differences.length, 'more account')}`);
  }
  const extent = [counted(accounts, 'account'), counted(entries, 'entry', 'entries'), counted(openHolds, 'open hold')];
  const verdict =
    differing === 0
      ? 'every balance agrees with its ledger.'
      : `${counted(differing, 'account')} ${differing === 1 ? 'disagrees with its' : 'disagree with their'} ledger.`;
  return [...lines, `credits:audit: ${extent.join(', ')}: ${verdict}`];
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
