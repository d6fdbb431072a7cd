import { cpus, totalmem } from 'node:os';

/** What the numbers were measured on, in a line. */
export function machine(): string {
  const processors = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return (
    `${processors.length} × ${model}, ${gibibytes} GiB, ${process.platform} ${process.arch}, ` +
    `Node ${process.version.slice(1)}`
  );
}
