/** Preloaded into a server: V8 says on standard output what it optimizes, and where it gives up. */
require('node:v8').setFlagsFromString('--trace-opt');
