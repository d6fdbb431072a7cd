import { Module } from '@nestjs/common';
import { CreditsService } from './credits.service.js';
import { CreditsEnvelopeController } from './http/credits.envelope.controller.js';
import { CreditsRestController } from './http/credits.rest.controller.js';

@Module({
  controllers: [CreditsEnvelopeController, CreditsRestController],
  providers: [CreditsService],
  exports: [CreditsService],
})
export class CreditsModule {}
