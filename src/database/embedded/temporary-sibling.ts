import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './process-identity.js';

/**
 * A name beside `target` for something under construction, to be renamed onto `target` when it is complete: whoever is
 * killed halfway leaves no half-made target. The process id in the name tells later starts whether it is abandoned.
 */
export function temporarySibling(target: string): string {
  return `${target}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Removes what killed processes left under construction beside `target`; what cannot be removed stays for next time. */
export async function removeAbandonedSiblings(target: string): Promise<void> {
  const prefix = `${basename(target)}.new-`;
  for (const name of await readdir(dirname(target)).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const makerPid = Number.parseInt(name.slice(prefix.length), 10);
    if (Number.isInteger(makerPid) && isAlive(makerPid)) continue;
    await rm(join(dirname(target), name), { recursive: true, force: true }).catch(() => undefined);
  }
}
