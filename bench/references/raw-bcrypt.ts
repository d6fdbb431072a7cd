import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';

/** Compares a password with a hash of the cost that a server has by default, on all cores, for as long as it is told. */
const COST = 12;
const PASSWORD = 'x'.repeat(44);

process.on('message', (seconds: number) => void measure(seconds).then((perSecond) => process.send!(perSecond)));
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined);

async function measure(seconds: number): Promise<number> {
  const hash = await bcrypt.hash(PASSWORD, COST);
  const rates = await Promise.all(Array.from({ length: availableParallelism() }, () => rateOfOne(hash, seconds)));
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function rateOfOne(hash: string, seconds: number): Promise<number> {
  const startedAt = performance.now();
  let count = 0;
  while (performance.now() < startedAt + seconds * 1000) {
    await bcrypt.compare(PASSWORD, hash);
    count++;
  }
  return (count / (performance.now() - startedAt)) * 1000;
}
