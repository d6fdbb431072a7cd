import { Module } from '@nestjs/common';
import { MailerRestController } from './http/mailer.rest.controller.js';
import { MailerService } from './mailer.service.js';

@Module({
  controllers: [MailerRestController],
  providers: [MailerService],
  exports: [MailerService],
})
export class MailerModule {}
