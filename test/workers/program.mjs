/** A worker that does as it is told by WORKER_MOOD: serves, never ends by itself, or dies at once. */
const mood = process.env.WORKER_MOOD;
if (mood === 'dies') {
  process.exit(7);
}
process.on('message', ({ kind }) => {
  if (kind === 'serve') {
    process.send({ kind: 'serving' });
    if (mood === 'dies-later') {
      setTimeout(() => process.exit(7), 50);
    }
  }
  if (kind === 'drain' && mood !== 'stubborn') {
    process.exit(0);
  }
});
process.send({ kind: 'hears' });
