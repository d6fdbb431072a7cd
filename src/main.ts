import { openBundle } from './bundle/bundle.js';

/** `node dist/src/main.js`: runs `program.ts`, as one file. See docs/adr/0016-one-file-to-start.md. */
openBundle().run();
