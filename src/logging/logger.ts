import { writeSync } from 'node:fs';
import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import type { LogLevel } from '../config/configuration.js';
import { DescriptorOutput } from './descriptor-output.js';
import { LineBuffer } from './line-buffer.js';

/** Places that may hold a secret, whoever logs them. */
const SECRET_PATHS = [
  'req.headers',
  'headers',
  'err.parameters',
  'err.query',
  'err.driverError',
  'err.detail',
  'err.config',
];

/** One line of JSON per event. */
export function createLogger(level: LogLevel, output: DestinationStream): PinoLogger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp,
      redact: { paths: SECRET_PATHS, remove: true },
    },
    output,
  );
}

let millisecond = 0;
let stamp = '';

/**
 * What a line says of its time, as pino's own `isoTime`; but many lines are of the same millisecond, and writing it down
 * takes longer than all the rest.
 */
export function timestamp(): string {
  const now = Date.now();
  if (now !== millisecond) {
    millisecond = now;
    stamp = `,"time":"${new Date(now).toISOString()}"`;
  }
  return stamp;
}

/**
 * Standard output; readable text when that is a terminal.
 *
 * @param isShared whether other processes write to it as well
 */
export async function logOutput(isShared = false): Promise<LineBuffer> {
  const { fd, isTTY } = process.stdout;
  const written = new DescriptorOutput(fd, tellStandardError, isShared);
  const output = new LineBuffer(isTTY ? await readable(written) : written);
  process.once('exit', () => output.flushSync());
  return output;
}

function tellStandardError(sentence: string): void {
  try {
    writeSync(process.stderr.fd, `tollgate: ${sentence}\n`);
  } catch {
    // There is nobody else to tell.
  }
}

async function readable(output: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize: true, ignore: 'pid', translateTime: 'SYS:HH:MM:ss', singleLine: true });
  return { write: (lines) => output.write(lines.trimEnd().split('\n').map(pretty).join('')) };
}

/** Parts of Nest that log an error of the start and throw it too; `server.ts` tells the operator, once and in a line. */
const CONTEXTS_OF_START_ERRORS = ['ExceptionHandler', 'NestApplication'];

/** Lets Nest and our own classes write to that log. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: PinoLogger) {}

  // Nest tells of every module and route that it sets up; that is of use only when something is wrong with them.
  log(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    if (!CONTEXTS_OF_START_ERRORS.includes(String(rest.at(-1)))) {
      this.write('error', message, rest);
    }
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** The last of the rest is the name of the class that logs; before it, with errors, there may be a stack. */
  private write(level: 'fatal' | 'error' | 'warn' | 'debug' | 'trace', message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const stack = rest.length > 1 ? rest[0] : undefined;
    if (typeof message === 'object' && message !== null && !(message instanceof Error)) {
      this.logger[level]({ context, ...message });
    } else {
      const err = message instanceof Error ? message : undefined;
      this.logger[level]({ context, stack, err }, err ? err.message : String(message));
    }
  }
}
