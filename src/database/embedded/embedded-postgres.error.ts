/** A reason why there is no database, in words that a person can act on; the program prints it and ends. */
export class EmbeddedPostgresError extends Error {
  override readonly name: string = 'EmbeddedPostgresError';
}

/** The data folder has an owner that lives. Waiting may help a command-line tool; a second server has to give up. */
export class DataFolderInUse extends EmbeddedPostgresError {
  override readonly name = 'DataFolderInUse';

  constructor(
    folder: string,
    readonly holderPid: number | undefined,
  ) {
    const holder = holderPid === undefined ? 'another process' : `process ${holderPid}`;
    super(`The database in ${folder} is in use by ${holder}: stop that process, or set another DATA_DIR.`);
  }
}

/** The code of a failed system call (ENOENT, EACCES …) or of a refused query (57P03 …), if the error has one. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const SYSTEM_REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'something else is there already',
  ENAMETOOLONG: 'the path is too long',
};

/** Runs the work and rewords the failures of files and folders (full disk, no permission); the rest passes through. */
export async function rewordingSystemErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = SYSTEM_REASONS[errorCode(error) ?? ''];
    if (error instanceof EmbeddedPostgresError || reason === undefined) throw error;
    const place =
      error instanceof Error && 'path' in error && typeof error.path === 'string' ? ` at ${error.path}` : '';
    throw new EmbeddedPostgresError(`The embedded database cannot be set up${place}: ${reason}.`, { cause: error });
  }
}
