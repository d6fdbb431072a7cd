/**
 * Given to every side, and to the load generator. A Node process that is idle between its turns may give memory back and
 * throw optimised code away, and then be up to a quarter slower for the rest of its life; that would measure the
 * benchmark's own pauses.
 */
export const NODE_FLAGS = ['--no-memory-reducer', '--retain-maps-for-n-gc=100000'];
