import bcrypt from 'bcrypt';

/** What the threads of `HashingThreads` run. */
export type HashingTask = { text: string } & ({ cost: number } | { hash: string });

/** A new hash, or whether the text has this one. */
export default function hashOrCompare(task: HashingTask): string | boolean {
  return 'cost' in task ? bcrypt.hashSync(task.text, task.cost) : bcrypt.compareSync(task.text, task.hash);
}
