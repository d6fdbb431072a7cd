import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { UserNumbers } from './user-numbers.js';

/** The key was made with the database and stays there: numbers outlive a change of SECRET_KEY, and move with a dump. */
@Global()
@Module({
  providers: [
    {
      provide: UserNumbers,
      inject: [DataSource],
      useFactory: async (dataSource: DataSource) => {
        const [row] = await dataSource.query<{ key: string }[]>(
          `SELECT encode(key, 'base64') AS key FROM user_numbers`,
        );
        return new UserNumbers(Buffer.from(row!.key, 'base64'));
      },
    },
  ],
  exports: [UserNumbers],
})
export class UserNumbersModule {}
