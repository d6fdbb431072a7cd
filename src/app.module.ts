import { Module, type DynamicModule } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.js';
import { AuthModule } from './auth/auth.module.js';
import type { Configuration } from './config/configuration.js';
import { ConfigurationModule } from './config/configuration.module.js';
import { CreditsModule } from './credits/credits.module.js';
import { dataSourceOptions } from './data-source.js';
import { DatabaseModule } from './database/database.module.js';
import { MailerModule } from './mailer/mailer.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { SecretKeysModule } from './secret-keys/secret-keys.module.js';
import { TokensModule } from './tokens/tokens.module.js';
import { UserNumbersModule } from './user-numbers/user-numbers.module.js';
import { UsersModule } from './users/users.module.js';

/** The whole server: the six features, and what they stand on. */
@Module({})
export class AppModule {
  static with(configuration: Configuration): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigurationModule.with(configuration),
        DatabaseModule.with(dataSourceOptions),
        SecretKeysModule,
        UserNumbersModule,
        OperationsModule,
        UsersModule,
        TokensModule,
        CreditsModule,
        MailerModule,
        AccountsModule,
        AuthModule,
      ],
    };
  }
}
