import { spawn } from 'node:child_process';

export interface ProgramResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end. Never waits in a blocking way: the server that the program calls lives in this process.
 *
 * @throws when there is no such program
 */
export function runProgram(
  command: string,
  args: string[],
  { cwd, env }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    // The flags that Jest wants of Node are not for other programs.
    const environment = { ...process.env, NODE_OPTIONS: '', ...env };
    const child = spawn(command, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
