import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Configuration } from '../config/configuration.js';
import { migrate } from './migrator.js';
import { OperationsModule } from '../operations/operations.module.js';
import { Lookups } from './lookup.js';
import { PreparedStatements } from './prepared-statements.js';
import { Transactions } from './transactions.js';

/** The connection pool, migrated before anybody can use it, and the transactions on it. */
@Global()
@Module({
  imports: [OperationsModule],
  providers: [Lookups, PreparedStatements, Transactions],
  exports: [Lookups, PreparedStatements, Transactions],
})
export class DatabaseModule {
  static with(optionsFor: (databaseUrl: string, workers: number) => DataSourceOptions): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [Configuration],
          useFactory: ({ databaseUrl, workers }: Configuration) => ({
            ...optionsFor(databaseUrl, workers),
            // An unreachable database is said at once, not retried in silence.
            retryAttempts: 0,
          }),
          dataSourceFactory: async (options) => {
            await migrate(options as DataSourceOptions);
            return new DataSource(options as DataSourceOptions).initialize();
          },
        }),
      ],
    };
  }
}
