import type { UserKey } from '../route-policy/principal.js';
import type { MailCategory } from './mail.entity.js';

/**
 * Which mails people want. Whoever keeps the preferences implements it: mails are written by those who know them, so
 * this feature cannot.
 */
export abstract class MailPreferences {
  /** Asked right before a mail goes out; never of security mails, which nobody can turn off. */
  abstract isWanted(user: UserKey, category: Exclude<MailCategory, 'security'>): Promise<boolean>;
}
