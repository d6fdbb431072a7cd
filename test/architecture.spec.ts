import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The rules of how the house is laid out, held against the sources. */

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Which features a feature may know. Features that are not named here know no other. */
const MAY_KNOW: Record<string, string[]> = {
  users: [],
  credits: [],
  tokens: [],
  mailer: ['credits'], // docs/adr/0010-mail-delivery.md
  accounts: ['users', 'credits', 'tokens', 'mailer'],
  auth: ['users', 'credits', 'tokens', 'mailer', 'accounts'],
};
const FEATURES = Object.keys(MAY_KNOW);
/** The files at the top put everything together; so does the OpenAPI document. */
const COMPOSITION = ['openapi'];

const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

interface Import {
  from: string;
  to: string;
}

const imports: Import[] = FILES.filter((file) => !file.endsWith('.spec.ts')).flatMap((file) =>
  [...readFileSync(join(SRC, file), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, target]) => ({
    from: file,
    to: relative(SRC, normalize(join(SRC, dirname(file), target!))).replace(/\.js$/, '.ts'),
  })),
);
const folderOf = (file: string) => (file.includes('/') ? file.split('/', 1)[0]! : '');
const isFeature = (file: string) => FEATURES.includes(folderOf(file));

it('finds the imports at all', () => {
  expect(imports.length).toBeGreaterThan(100);
});

it('features know each other in one direction only', () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      isFeature(from) &&
      isFeature(to) &&
      folderOf(from) !== folderOf(to) &&
      !MAY_KNOW[folderOf(from)]!.includes(folderOf(to)),
  );
  expect(wrong).toEqual([]);
});

it("nobody reaches for another feature's entities or endpoints", () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      folderOf(from) !== '' && folderOf(from) !== folderOf(to) && isFeature(to) && /\.entity\.ts$|\/http\//.test(to),
  );
  expect(wrong).toEqual([]);
});

it('what features stand on knows no feature', () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      folderOf(from) !== '' && !isFeature(from) && !COMPOSITION.includes(folderOf(from)) && isFeature(to),
  );
  expect(wrong).toEqual([]);
});

it('every feature has a module, a service, an entity and a controller', () => {
  for (const feature of FEATURES) {
    const files = FILES.filter((file) => folderOf(file) === feature);
    for (const role of ['.module.ts', '.service.ts', '.entity.ts', '.controller.ts']) {
      expect([feature, role, files.some((file) => file.endsWith(role))]).toEqual([feature, role, true]);
    }
  }
});

it('environment variables are read in one place, and otherwise only handed to child processes', () => {
  const readers = FILES.filter((file) => /process\.env/.test(readFileSync(join(SRC, file), 'utf8')));
  expect(readers.sort()).toEqual([
    'audit-command.ts',
    'database/embedded/run-program.ts',
    'migration-command.ts',
    'server.ts',
  ]);
});

it('there is no folder for leftovers', () => {
  expect(FILES.filter((file) => /(^|\/)(utils?|common|helpers?|shared|misc)\b/.test(file))).toEqual([]);
});
