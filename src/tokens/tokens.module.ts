import { Module } from '@nestjs/common';
import { OperationsModule } from '../operations/operations.module.js';
import { CodesService } from './codes.service.js';
import { TokensEnvelopeController } from './http/tokens.envelope.controller.js';
import { TokensRestController } from './http/tokens.rest.controller.js';
import { TokensService } from './tokens.service.js';

@Module({
  imports: [OperationsModule],
  controllers: [TokensEnvelopeController, TokensRestController],
  providers: [CodesService, TokensService],
  exports: [CodesService, TokensService],
})
export class TokensModule {}
