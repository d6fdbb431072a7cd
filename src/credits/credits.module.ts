import { Module } from '@nestjs/common';
import { OperationsModule } from '../operations/operations.module.js';
import { CallHoldsService } from './call-holds.service.js';
import { CreditsService } from './credits.service.js';
import { HoldsService } from './holds.service.js';
import { CreditsEnvelopeController } from './http/credits.envelope.controller.js';
import { CreditsRestController } from './http/credits.rest.controller.js';
import { HoldsRestController } from './http/holds.rest.controller.js';
import { PricesRestController } from './http/prices.rest.controller.js';
import { Ledger } from './ledger.js';
import { LedgerUpkeep } from './ledger-upkeep.js';
import { Repayments } from './repayments.js';

@Module({
  imports: [OperationsModule],
  controllers: [CreditsEnvelopeController, CreditsRestController, HoldsRestController, PricesRestController],
  providers: [CallHoldsService, CreditsService, HoldsService, Ledger, LedgerUpkeep, Repayments],
  exports: [CallHoldsService, CreditsService, HoldsService, Repayments],
})
export class CreditsModule {}
