import { Global, Injectable, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MailPreferences } from '../mailer/mail-preferences.js';
import { userKey, type UserKey } from '../route-policy/principal.js';
import { Account } from './account.entity.js';

/** The preferences of an account decide; who has none wants nothing. */
@Injectable()
export class AccountMailPreferences extends MailPreferences {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  async isWanted(user: UserKey, category: 'system' | 'update' | 'notification'): Promise<boolean> {
    const account = await this.dataSource.manager.findOneBy(Account, userKey(user));
    return account?.[`${category}Emails`] ?? false;
  }
}

/** Global, because the mailer asks for it and does not know accounts. */
@Global()
@Module({
  providers: [{ provide: MailPreferences, useClass: AccountMailPreferences }],
  exports: [MailPreferences],
})
export class AccountMailPreferencesModule {}
