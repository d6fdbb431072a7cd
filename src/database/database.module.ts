import { Global, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Configuration } from '../config/configuration.js';
import { OperationsModule } from '../operations/operations.module.js';
import { Lookups } from './lookup.js';
import { isMigrated, migrate } from './migrator.js';
import { PreparedStatements } from './prepared-statements.js';
import { Transactions } from './transactions.js';

/** The connection pool, migrated before anybody can use it, and the transactions on it. */
@Global()
@Module({
  imports: [OperationsModule],
  providers: [Lookups, PreparedStatements, Transactions],
  exports: [DataSource, Lookups, PreparedStatements, Transactions],
})
export class DatabaseModule implements OnApplicationShutdown {
  static with(optionsFor: (databaseUrl: string, workers: number) => DataSourceOptions): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        {
          provide: DataSource,
          inject: [Configuration],
          useFactory: ({ databaseUrl, workers }: Configuration) => open(optionsFor(databaseUrl, workers)),
        },
      ],
    };
  }

  constructor(private readonly dataSource: DataSource) {}

  async onApplicationShutdown(): Promise<void> {
    await this.dataSource.destroy();
  }
}

async function open(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options).initialize();
  try {
    if (!(await isMigrated(dataSource))) {
      await migrate(options);
    }
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
