import { filesOfBundle } from './bundle-sections.js';

const BUNDLE = `
"use strict";
var __esm = (fn) => fn;

// node_modules/@nestjs/core/router/router-proxy.js
var RouterProxy = class {
  // dist/src/not-a-heading.js
};
// a remark about node_modules/pg/lib/client.js

// node_modules/a/node_modules/b/index.js
var require_b = 1;

// dist/src/main.js
require_b();
`;

it('knows which file each line of a bundle came of', () => {
  const fileAt = filesOfBundle(BUNDLE);
  const fileWith = (text: string) => fileAt(BUNDLE.split('\n').findIndex((line) => line.includes(text)));
  expect(fileWith('__esm')).toBeUndefined();
  expect(fileWith('class')).toBe('node_modules/@nestjs/core/router/router-proxy.js');
  expect(fileWith('};')).toBe('node_modules/@nestjs/core/router/router-proxy.js');
  expect(fileWith('remark')).toBe('node_modules/@nestjs/core/router/router-proxy.js');
  expect(fileWith('require_b = 1')).toBe('node_modules/a/node_modules/b/index.js');
  expect(fileWith('require_b()')).toBe('dist/src/main.js');
});
