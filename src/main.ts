import { openBundle } from './bundle/bundle.js';
import { setUpV8 } from './v8-settings.js';

/** `node dist/src/main.js`: runs `program.ts`, as one file. See docs/adr/0016-one-file-to-start.md. */
const bundle = openBundle();
setUpV8();
bundle.run();
