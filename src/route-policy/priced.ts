import { SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { PRICES, type PricedOperation } from './prices.js';

export const PRICED_OPERATION = Symbol('priced-operation');
/** Carries the price into the OpenAPI document, in credits. */
export const PRICE_EXTENSION = 'x-price';
/** Names the operation in the price list and in the ledger. */
export const OPERATION_EXTENSION = 'x-operation';

/** Charges the caller before the work and gives it back when the work fails. Administrators pay nothing. */
export function Priced(operation: PricedOperation): MethodDecorator {
  return applyDecorators(
    SetMetadata(PRICED_OPERATION, operation),
    ApiExtension(PRICE_EXTENSION, PRICES[operation]),
    ApiExtension(OPERATION_EXTENSION, operation),
  );
}
