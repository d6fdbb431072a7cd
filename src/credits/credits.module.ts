import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { CallHoldsService } from './call-holds.service.js';
import { CreditsService } from './credits.service.js';
import { HoldsService } from './holds.service.js';
import { CreditsEnvelopeController } from './http/credits.envelope.controller.js';
import { CreditsRestController } from './http/credits.rest.controller.js';
import { HoldsRestController } from './http/holds.rest.controller.js';
import { PricesRestController } from './http/prices.rest.controller.js';
import { Ledger } from './ledger.js';
import { LedgerUpkeep } from './ledger-upkeep.js';
import { PricingInterceptor } from './pricing.interceptor.js';
import { Repayments } from './repayments.js';

@Module({
  controllers: [CreditsEnvelopeController, CreditsRestController, HoldsRestController, PricesRestController],
  providers: [
    CallHoldsService,
    CreditsService,
    HoldsService,
    Ledger,
    LedgerUpkeep,
    Repayments,
    { provide: APP_INTERCEPTOR, useClass: PricingInterceptor },
  ],
  exports: [CallHoldsService, CreditsService, HoldsService],
})
export class CreditsModule {}
