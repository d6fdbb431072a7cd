import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeResults } from './document.js';

const DOCUMENT = fileURLToPath(new URL('../docs/performance.md', import.meta.url));

it('results take the place of those of the last run, and nothing else changes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-document-'));
  const copy = join(folder, 'performance.md');
  const before = await readFile(DOCUMENT, 'utf8');
  try {
    await writeFile(copy, before);
    await writeResults('First.', copy);
    await writeResults('Second $& one.', copy);
    const after = await readFile(copy, 'utf8');
    expect(after).toContain('\n\nSecond $& one.\n\n');
    expect(after).not.toContain('First.');
    const around = (text: string) => text.split(/(?<=writes from here -->)[^]*(?=<!-- to here)/);
    expect(around(after)).toEqual(around(before));
    expect(around(after)).toHaveLength(2);

    await writeFile(copy, 'without a place for them');
    await expect(writeResults('Third.', copy)).rejects.toThrow('has no place');
  } finally {
    await rm(folder, { recursive: true });
  }
});
