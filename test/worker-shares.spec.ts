import { readFile } from 'node:fs/promises';
import { dataSourceOptions } from '../src/data-source.js';
import { mailsAtOnce } from '../src/mailer/delivery/delivery-worker.js';

it('workers open as many connections to the database as the README says, and no more', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, together, each] = /up to (\d+)\s+connections to the database, or (\d+)\s+each if that is more/.exec(readme)!;
  const opened = Array.from({ length: 64 }, (_, i) => {
    const workers = i + 1;
    return { workers, connections: workers * (dataSourceOptions('', workers).poolSize! + mailsAtOnce(workers)) };
  });
  const said = ({ workers }: { workers: number }) => Math.max(Number(together), workers * Number(each));
  expect(opened.filter((of) => of.connections > said(of))).toEqual([]);
  // Nor is that said for nothing.
  expect(opened[0]!.connections).toBe(Number(together));
  expect(opened[63]!.connections).toBe(64 * Number(each));
});
