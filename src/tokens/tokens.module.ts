import { Module } from '@nestjs/common';
import { TokensEnvelopeController } from './http/tokens.envelope.controller.js';
import { TokensRestController } from './http/tokens.rest.controller.js';
import { TokensService } from './tokens.service.js';

@Module({
  controllers: [TokensEnvelopeController, TokensRestController],
  providers: [TokensService],
  exports: [TokensService],
})
export class TokensModule {}
