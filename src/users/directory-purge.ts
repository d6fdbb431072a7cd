import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SECOND_MS, Upkeep } from '../upkeep/upkeep.js';

const USERS_AT_ONCE = 500;

/**
 * Deletes the users of deleted directories, a few at a time, so that a directory of any size disturbs nobody. What a
 * process leaves undone, the next one finds.
 */
@Injectable()
export class DirectoryPurge extends Upkeep implements OnApplicationBootstrap {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  onApplicationBootstrap(): void {
    this.repeatEvery(5 * SECOND_MS, () => this.purge());
  }

  async purge(): Promise<void> {
    const deletions = await this.dataSource.query<{ directory_id: number }[]>(
      'SELECT directory_id FROM directory_deletions ORDER BY created_at',
    );
    for (const { directory_id: directoryId } of deletions) {
      let last: number | undefined = 0;
      while (!this.isStopping && last !== undefined) {
        const begin = performance.now();
        last = await this.deleteSome(directoryId, last);
        // Half of the time is for the others.
        await sleep(performance.now() - begin);
      }
      // Counts of processes that met add up to nothing, but are not nothing.
      await this.dataSource.query(
        `WITH done AS (
           DELETE FROM directory_deletions
           WHERE directory_id = $1 AND NOT EXISTS (SELECT FROM users WHERE directory_id = $1)
           RETURNING directory_id
         )
         DELETE FROM user_counts USING done WHERE user_counts.directory_id = done.directory_id`,
        [directoryId],
      );
    }
  }

  /**
   * Those that another process is deleting are left to it, and those up to `last` are not looked for again: while somebody
   * holds an old snapshot, what was deleted must still be passed over.
   *
   * @returns the id of the last one; undefined when there was none
   */
  private async deleteSome(directoryId: number, last: number): Promise<number | undefined> {
    const [rows] = await this.dataSource.query<[{ id: number }[], number]>(
      `DELETE FROM users WHERE directory_id = $1 AND id IN (
         SELECT id FROM users WHERE directory_id = $1 AND id > $2 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
       ) RETURNING id`,
      [directoryId, last, USERS_AT_ONCE],
    );
    return rows.length > 0 ? Math.max(...rows.map(({ id }) => id)) : undefined;
  }
}
