import { IsIn } from 'class-validator';
import { PageRequest } from '../../../dialects/page.request.js';
import { Optional } from '../../../dialects/request-fields.js';
import type { MailStatus } from '../../mail.entity.js';

const STATUSES = ['queued', 'sending', 'sent', 'abandoned', 'suppressed'] as const satisfies MailStatus[];

export class MailPageRestRequest extends PageRequest {
  /** Only those that are in this state. */
  @Optional()
  @IsIn(STATUSES)
  status?: 'queued' | 'sending' | 'sent' | 'abandoned' | 'suppressed';
}
