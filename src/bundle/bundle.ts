import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { showSourcePositions } from './source-positions.js';

const FILE = fileURLToPath(new URL('../../tollgate.cjs', import.meta.url));
/** What V8 has compiled of it, by the same V8; any other takes no notice of it and compiles anew. */
export const COMPILED_FILE = `${FILE}.compiled`;

export interface Bundle {
  /** Everything it is made of, compiled as far as it has been run. */
  readonly script: Script;
  run(): void;
}

/** The program and all packages that it stands on, as `build/bundle.js` put them together. */
export function openBundle(): Bundle {
  const script = new Script(Module.wrap(readFileSync(FILE, 'latin1')), {
    filename: FILE,
    cachedData: existsSync(COMPILED_FILE) ? readFileSync(COMPILED_FILE) : undefined,
  });
  showSourcePositions(FILE);
  return {
    script,
    run() {
      const module = { exports: {} };
      const main = script.runInThisContext() as (...of: unknown[]) => void;
      main.call(module.exports, module.exports, createRequire(FILE), module, FILE, dirname(FILE));
    },
  };
}
