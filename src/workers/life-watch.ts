import type { WorkerProcess } from './worker-process.js';

/** How long a worker may say nothing, in turns; it is asked in each of them. */
export interface Patience {
  turnMs: number;
  silentTurnsMax: number;
  /** Until its first word: it loads everything, and so do all the others on the same cores. */
  startTurnsMax: number;
}

/** Half a minute, and two minutes for a start: a worker that is merely busy has said something by then. */
export const PATIENCE: Patience = { turnMs: 5_000, silentTurnsMax: 6, startTurnsMax: 24 };

/**
 * Finds out that a worker is stuck: its event loop is blocked, or it was stopped in its tracks. Turns are counted and not time:
 * while the whole machine sleeps nobody can answer, and that is one turn, however long it was.
 */
export function watchLife(worker: WorkerProcess, patience: Patience, onStuck: () => void): void {
  let silentTurns = 0;
  let turnsMax = patience.startTurnsMax;
  worker.onWord = () => {
    silentTurns = 0;
    turnsMax = patience.silentTurnsMax;
  };
  const timer = setInterval(() => {
    if (silentTurns === turnsMax) {
      clearInterval(timer);
      onStuck();
    } else {
      silentTurns++;
      worker.tell({ kind: 'show-life' });
    }
  }, patience.turnMs);
  void worker.ended.then(() => clearInterval(timer));
}
