/** Loaded into a server: SIGUSR2 makes a promise fail that nobody waits for, SIGHUP throws where nobody catches. */
process.on('SIGUSR2', () => void Promise.reject(new Error('nobody waits for this')));
process.on('SIGHUP', () => {
  throw new Error('nobody catches this');
});
