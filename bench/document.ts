import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** From `dist/bench/`. */
export const DOCUMENT = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const BEGIN = '<!-- npm run bench writes from here -->';
const END = '<!-- to here -->';

/** Puts the results where those of the last run stand. @throws when the document has no place for them */
export async function writeResults(results: string, document = DOCUMENT): Promise<void> {
  const text = await readFile(document, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Error(`${document} has no place for the results.`);
  }
  await writeFile(document, `${text.slice(0, begin + BEGIN.length)}\n\n${results}\n\n${text.slice(end)}`);
}
