import { Module } from '@nestjs/common';
import { Configuration } from '../config/configuration.js';
import { CreditsModule } from '../credits/credits.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { DeliveryService } from './delivery/delivery.service.js';
import { DeliveryWorker } from './delivery/delivery-worker.js';
import { MailerRestController } from './http/mailer.rest.controller.js';
import { mailFolder } from './mail-folder.js';
import { MailQuota } from './mail-quota.js';
import { MailerService } from './mailer.service.js';
import { SecurityNotices } from './security-notices.js';
import { FileTransport } from './transport/file.transport.js';
import { MailTransport } from './transport/mail-transport.js';
import { SmtpTransport } from './transport/smtp.transport.js';

@Module({
  imports: [CreditsModule, OperationsModule],
  controllers: [MailerRestController],
  providers: [
    MailerService,
    MailQuota,
    SecurityNotices,
    DeliveryService,
    DeliveryWorker,
    {
      provide: MailTransport,
      inject: [Configuration],
      useFactory: (configuration: Configuration) =>
        configuration.smtpUrl ? new SmtpTransport(configuration.smtpUrl) : new FileTransport(mailFolder(configuration)),
    },
  ],
  exports: [MailerService, MailQuota, SecurityNotices],
})
export class MailerModule {}
