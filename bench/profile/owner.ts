import type { Runtime } from 'node:inspector';

export const IDLE = 'idle';
const NODE = 'Node itself';
const OURS = 'our own code';
const SOCKETS = 'writing to sockets';
const COLLECTOR = 'garbage collector';
const PROMISES = 'promises';
const NATIVE = 'native code';
const MADE = 'code made at run time';

/** V8 has no source of them. */
const WITHOUT_SCRIPT = '0';
const STATES: Record<string, string> = {
  '(idle)': IDLE,
  '(garbage collector)': COLLECTOR,
  runMicrotasks: PROMISES,
};
/** Of Node's streams; files have others, but for `writeBuffer`. */
const WRITES = /^write(v|Buffer|Utf8String|AsciiString|Latin1String|Ucs2String)$/;
const PACKAGE = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//;

type Frame = Pick<Runtime.CallFrame, 'functionName' | 'scriptId' | 'url' | 'lineNumber'>;

/**
 * To whom the time belongs that V8 saw a function in, without those that it called; packages stand in backticks.
 *
 * @param fileAt which file a line of the bundle, `tollgate.cjs`, came of
 */
export function ownerOf(frame: Frame, caller: Frame | undefined, fileAt: (line: number) => string | undefined): string {
  const { functionName, scriptId, url, lineNumber } = frame;
  if (scriptId === WITHOUT_SCRIPT) {
    const isWrite = WRITES.test(functionName) && caller?.url !== 'node:fs';
    return isWrite ? SOCKETS : (STATES[functionName] ?? NATIVE);
  }
  if (url.startsWith('node:')) {
    return NODE;
  }
  if (url === '') {
    return MADE;
  }
  const file = url.endsWith('/tollgate.cjs') ? (fileAt(lineNumber) ?? 'node_modules/esbuild/') : url;
  const [, name] = PACKAGE.exec(file) ?? [];
  return name === undefined ? OURS : `\`${name}\``;
}
