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
      while (!this.isStopping && (await this.deleteSome(directoryId))) {
        // On to the next few.
      }
      await this.dataSource.query(
        `DELETE FROM directory_deletions
         WHERE directory_id = $1 AND NOT EXISTS (SELECT FROM users WHERE directory_id = $1)`,
        [directoryId],
      );
    }
  }

  /** Whether there were any. Those that another process is deleting are left to it. */
  private async deleteSome(directoryId: number): Promise<boolean> {
    const [rows] = await this.dataSource.query<[unknown[], number]>(
      `DELETE FROM users WHERE directory_id = $1 AND id IN (
         SELECT id FROM users WHERE directory_id = $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
       ) RETURNING 1`,
      [directoryId, USERS_AT_ONCE],
    );
    return rows.length > 0;
  }
}
