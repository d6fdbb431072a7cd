import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, SECRET_KEY_LENGTH_MIN } from './environment.js';

/** The signing key of an installation that was given none. */
export interface SecretKeyFile {
  key: string;
  /** Made just now, because there was none. */
  isNew: boolean;
  /** Takes back a key that was made just now. */
  discard(): Promise<void>;
}

/**
 * Reads the key from the data folder, readable by its owner alone; makes it the first time. Losing the file ends every
 * credential and every password.
 *
 * @throws ConfigurationError when the folder cannot be used, or what is in the file is no key
 */
export async function secretKeyFromFile(dataDir: string): Promise<SecretKeyFile> {
  try {
    return await readOrMake(dataDir);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) {
      throw error;
    }
    throw new ConfigurationError([`DATA_DIR, ${dataDir}, cannot be used as the folder of our data (${code}).`]);
  }
}

async function readOrMake(dataDir: string): Promise<SecretKeyFile> {
  const path = join(dataDir, 'secret.key');
  // As root the database runs as another user, who must pass through the folder to its own.
  await mkdir(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });

  // Written whole beside its place and then linked: a crash leaves no half key, and of two processes one makes it.
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true });
  let isNew = true;
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
    isNew = false;
  } finally {
    await unlink(draft);
  }
  const key = (await readFile(path, 'utf8')).trim();
  if (key.length < SECRET_KEY_LENGTH_MIN) {
    throw new ConfigurationError([`${path} does not hold a key. Put the right one back, or set SECRET_KEY.`]);
  }
  return { key, isNew, discard: () => unlink(path) };
}
