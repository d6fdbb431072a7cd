/** Preloaded into a server: V8 says on standard output what it decides to allocate for good. */
require('node:v8').setFlagsFromString('--trace-pretenuring-statistics');
