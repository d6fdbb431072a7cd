import { ownerOf } from './owner.js';

const FILES = [
  undefined,
  'node_modules/@nestjs/core/router/router-proxy.js',
  'node_modules/pg/lib/client.js',
  'node_modules/a/node_modules/b/index.js',
  'dist/src/main.js',
  'dist/migrations/index.js',
];

const frame = (url: string, { name = 'f', line = 0, script = '7' } = {}) => ({
  functionName: name,
  scriptId: script,
  url,
  lineNumber: line,
});
const owner = (of: ReturnType<typeof frame>, caller?: ReturnType<typeof frame>) =>
  ownerOf(of, caller, (line) => FILES[line]);
const native = (name: string, caller?: string) =>
  owner(frame('', { name, line: -1, script: '0' }), caller === undefined ? undefined : frame(caller));

it('finds the package of a line of the bundle', () => {
  const bundle = 'file:///home/somebody/node_modules/deployed/dist/tollgate.cjs';
  expect(FILES.map((_, line) => owner(frame(bundle, { line })))).toEqual([
    '`esbuild`',
    '`@nestjs/core`',
    '`pg`',
    '`b`',
    'our own code',
    'our own code',
  ]);
});

it('finds who owns what is not in the bundle', () => {
  expect(owner(frame('node:internal/process/task_queues'))).toBe('Node itself');
  expect(owner(frame('file:///srv/node_modules/piscina/dist/index.js'))).toBe('`piscina`');
  expect(owner(frame('file:///srv/dist/src/main.js'))).toBe('our own code');
  expect(owner(frame('', { line: 3 }))).toBe('code made at run time');
});

it('tells what has no source by what it does', () => {
  expect(native('(idle)')).toBe('idle');
  expect(native('(garbage collector)')).toBe('garbage collector');
  expect(native('(program)')).toBe('native code');
  expect(native('oneShotDigest', 'node:internal/crypto/hash')).toBe('native code');
  expect(native('runMicrotasks', 'node:internal/process/task_queues')).toBe('promises');
});

it('takes what is written to files for no socket', () => {
  for (const name of ['writev', 'writeUtf8String', 'writeLatin1String', 'writeBuffer']) {
    expect(native(name, 'node:internal/stream_base_commons')).toBe('writing to sockets');
  }
  expect(native('writeBuffer', 'node:fs')).toBe('native code');
  expect(native('writeString', 'node:fs')).toBe('native code');
});
