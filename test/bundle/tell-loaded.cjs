/** Preloaded into a server: says on its standard error, when it ends, which files `require` loaded. */
process.once('exit', () => {
  process.stderr.write(`loaded: ${JSON.stringify(Object.keys(require.cache).filter((path) => path !== __filename))}\n`);
});
