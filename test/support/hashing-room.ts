import { availableParallelism } from 'node:os';

/** Passwords that the server takes at once: for each core one that is hashed and 32 that wait. */
export const HASHING_ROOM = 33 * availableParallelism();
