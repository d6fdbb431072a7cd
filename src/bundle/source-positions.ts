import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join } from 'node:path';

const OURS = /^\.\.\/(src|migrations)\//;

type Frame = NodeJS.CallSite & { toString(): string };

/** Makes stacks name the TypeScript that our parts of `file` were made of. The source map is read with the first stack. */
export function showSourcePositions(file: string): void {
  let map: SourceMap | undefined;
  const describe = (frame: Frame): string => {
    const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
    if (frame.getFileName() !== file || line === null || column === null) {
      return frame.toString();
    }
    map ??= readMap(`${file}.map`);
    const origin = map.findEntry(line - 1, column - 1);
    if (!('originalSource' in origin) || !OURS.test(origin.originalSource)) {
      return frame.toString();
    }
    const source = join(dirname(file), origin.originalSource);
    return frame
      .toString()
      .replace(`${file}:${line}:${column}`, `${source}:${origin.originalLine + 1}:${origin.originalColumn + 1}`);
  };
  Error.prepareStackTrace = (error, frames) =>
    [Error.prototype.toString.call(error), ...frames.map((it) => describe(it as Frame))].join('\n    at ');
}

/** An empty one when there is none: nothing may go wrong while an error is told. */
function readMap(file: string): SourceMap {
  try {
    return new SourceMap(JSON.parse(readFileSync(file, 'utf8')) as SourceMapPayload);
  } catch {
    return new SourceMap({
      version: 3,
      file,
      sources: [],
      sourcesContent: [],
      names: [],
      mappings: '',
      sourceRoot: '',
    });
  }
}
