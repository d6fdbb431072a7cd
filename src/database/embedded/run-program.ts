import { spawn } from 'node:child_process';
import type { ServerAccount } from './server-account.js';

export interface ProgramResult {
  /** Null when a signal ended it, or when it could not be started. */
  readonly exitCode: number | null;
  /** What it wrote to either stream; the reason, when it could not be started. */
  readonly output: string;
}

/** What PostgreSQL's programs get for an environment: our own holds secrets, and PGDATA and the like would mislead them. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const neutral = { LC_ALL: 'C', TZ: 'UTC' };
  // Windows finds its system libraries and its temporary folder through the environment.
  return process.platform === 'win32' ? { ...process.env, ...neutral } : neutral;
}

/** The part of spawn's options that makes the program run as the account. */
export function asAccount(account: ServerAccount | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid };
}

/** Runs one of PostgreSQL's programs to its end. Never rejects: the caller knows what a failure means. */
export function runProgram(
  path: string,
  argv: string[],
  options: { account: ServerAccount | undefined; workingFolder: string },
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    let output = '';
    const failed = (error: unknown) => resolve({ exitCode: null, output: String(error) });
    try {
      const child = spawn(path, argv, {
        ...asAccount(options.account),
        cwd: options.workingFolder,
        env: programEnvironment(),
        stdio: ['ignore', 'pipe', 'pipe'],
        windowsHide: true,
      });
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.on('error', failed);
      child.on('close', (exitCode) => resolve({ exitCode, output }));
    } catch (error) {
      failed(error); // spawn throws for some refusals (EPERM on a uid) and emits 'error' for others
    }
  });
}

/** The last lines of a program's output, as a tail for an error message. */
export function lastLines(output: string, count = 8): string {
  return output.trim().split('\n').slice(-count).join('\n');
}
