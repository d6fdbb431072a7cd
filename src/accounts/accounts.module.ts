import { Module } from '@nestjs/common';
import { CreditsModule } from '../credits/credits.module.js';
import { MailerModule } from '../mailer/mailer.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountMailPreferencesModule } from './account-mail-preferences.js';
import { AccountsService } from './accounts.service.js';
import { AccountsEnvelopeController } from './http/accounts.envelope.controller.js';
import { AccountsRestController } from './http/accounts.rest.controller.js';

@Module({
  imports: [AccountMailPreferencesModule, CreditsModule, MailerModule, TokensModule, UsersModule],
  controllers: [AccountsEnvelopeController, AccountsRestController],
  providers: [AccountsService],
  exports: [AccountsService],
})
export class AccountsModule {}
