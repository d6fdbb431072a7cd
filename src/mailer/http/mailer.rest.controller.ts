import { Get, Param, Post } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { RestController } from '../../dialects/dialect-controllers.js';
import { Refuses, RestResult } from '../../dialects/documented.js';
import { decodeCursor, pageOf } from '../../dialects/page.js';
import { RequestQuery } from '../../dialects/request.pipe.js';
import { ForAdministrators } from '../../route-policy/route-policy.js';
import { UserNumbers } from '../../user-numbers/user-numbers.js';
import { MailNotAbandoned, MailNotFound, MailTextGone } from '../mailer.errors.js';
import type { MailView } from '../mail.view.js';
import { MailerService } from '../mailer.service.js';
import { MailPageRestRequest } from './dto/mail.rest.request.js';
import { MailListRestResponse, MailRestResponse } from './dto/mail.rest.response.js';

const MAIL_ID = /^\d{1,15}$/;

@RestController('Mails', 'mails')
export class MailerRestController {
  constructor(
    private readonly mailer: MailerService,
    private readonly numbers: UserNumbers,
  ) {}

  /** List mails: those of every directory, newest first. */
  @Get()
  @ForAdministrators()
  @RestResult(MailListRestResponse)
  async listMails(@RequestQuery() { limit, cursor, status }: MailPageRestRequest): Promise<MailListRestResponse> {
    const before = cursor === undefined ? undefined : Number(decodeCursor(cursor, MAIL_ID)[0]);
    const mails = await this.mailer.list(limit + 1, { status, before });
    const rendered = (mail: MailView) => MailRestResponse.from(mail, this.numbers);
    return pageOf(mails, limit, rendered, (mail) => [mail.id]);
  }

  /** Retry a mail that was abandoned. It costs nothing; a mail with a code can be retried until the code expires. */
  @Post(':id/retry')
  @ForAdministrators()
  @ApiParam({ name: 'id', description: 'As the list names it.', schema: { type: 'string', example: '12' } })
  @RestResult(MailRestResponse)
  @Refuses(new MailNotFound(), new MailNotAbandoned(), new MailTextGone())
  async retryMail(@Param('id') id: string): Promise<MailRestResponse> {
    if (!MAIL_ID.test(id)) {
      throw new MailNotFound();
    }
    return MailRestResponse.from(await this.mailer.retry(Number(id)), this.numbers);
  }
}
