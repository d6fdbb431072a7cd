import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join } from 'node:path';

/** Makes stacks name the TypeScript that our parts of `file` were made of. The source map is read with the first stack. */
export function showSourcePositions(file: string): void {
  let map: SourceMap | undefined;
  const origin = (frame: NodeJS.CallSite): string => {
    const text = String(frame);
    if (frame.getFileName() !== file) {
      return text;
    }
    map ??= new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload);
    const [line, column] = [frame.getLineNumber()!, frame.getColumnNumber()!];
    const entry = map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry) || !entry.originalSource) {
      return text;
    }
    const source = join(dirname(file), entry.originalSource);
    return text.replace(`${file}:${line}:${column}`, `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`);
  };
  Error.prepareStackTrace = (error, frames) => [String(error), ...frames.map(origin)].join('\n    at ');
}
