import { SetMetadata, UseInterceptors, applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import {
  OPERATION_EXTENSION,
  PAID_BY,
  PRICED_OPERATION,
  PRICE_EXTENSION,
  type PaidBy,
} from '../route-policy/price-policy.js';
import { PRICES, type PricedOperation } from '../route-policy/prices.js';
import { PricingInterceptor } from './pricing.interceptor.js';

/**
 * Makes the caller pay before the work and gives it back when the work fails. Administrators pay nothing. The module of
 * the controller must import `CreditsModule`.
 */
export function Priced(operation: PricedOperation, { by = 'charge' }: { by?: PaidBy } = {}): MethodDecorator {
  return applyDecorators(
    SetMetadata(PRICED_OPERATION, operation),
    SetMetadata(PAID_BY, by),
    UseInterceptors(PricingInterceptor),
    ApiExtension(PRICE_EXTENSION, PRICES[operation]),
    ApiExtension(OPERATION_EXTENSION, operation),
  );
}
