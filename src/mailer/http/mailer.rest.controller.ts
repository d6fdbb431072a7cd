import { Get, Query } from '@nestjs/common';
import { RestController } from '../../dialects/dialect-controllers.js';
import { RestResult } from '../../dialects/documented.js';
import { decodeCursor, pageOf } from '../../dialects/page.js';
import { PageRequest } from '../../dialects/page.request.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForAdministrators } from '../../route-policy/route-policy.js';
import { MailerService } from '../mailer.service.js';
import { MailListRestResponse, MailRestResponse } from './dto/mail.rest.response.js';

@RestController('Mails', 'mails')
export class MailerRestController {
  constructor(private readonly mailer: MailerService) {}

  /** List mails: those of the platform directory, newest first. */
  @Get()
  @ForAdministrators()
  @RestResult(MailListRestResponse)
  async listMails(@CurrentPrincipal() principal: Principal, @Query() page: PageRequest): Promise<MailListRestResponse> {
    const before = page.cursor === undefined ? undefined : Number(decodeCursor(page.cursor, /^\d{1,15}$/)[0]);
    const mails = await this.mailer.list(principal.directoryId, page.limit + 1, before);
    return pageOf(mails, page.limit, MailRestResponse.from, (mail) => [mail.id]);
  }
}
