import { rm } from 'node:fs/promises';

export default async function tearDown() {
  const { embedded, dataDir } = globalThis.tollgateTest;
  await embedded?.stop();
  await rm(dataDir, { recursive: true, force: true });
}
