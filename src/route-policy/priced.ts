import { SetMetadata, applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { PRICES, type PricedOperation } from './prices.js';

export const PRICED_OPERATION = Symbol('priced-operation');
export const PAID_BY = Symbol('paid-by');
/** Carries the price into the OpenAPI document, in credits. */
export const PRICE_EXTENSION = 'x-price';
/** Names the operation in the price list and in the ledger. */
export const OPERATION_EXTENSION = 'x-operation';

/**
 * - `charge`: spent before the work, given back when it fails
 * - `hold`: frozen before the work and given back when it fails; whoever ends the work, after the answer, settles it
 */
export type PaidBy = 'charge' | 'hold';

/** The credits that are frozen for a call. */
export interface CallHold {
  accountId: number;
  id: string;
}

/** Makes the caller pay before the work and gives it back when the work fails. Administrators pay nothing. */
export function Priced(operation: PricedOperation, { by = 'charge' }: { by?: PaidBy } = {}): MethodDecorator {
  return applyDecorators(
    SetMetadata(PRICED_OPERATION, operation),
    SetMetadata(PAID_BY, by),
    ApiExtension(PRICE_EXTENSION, PRICES[operation]),
    ApiExtension(OPERATION_EXTENSION, operation),
  );
}

/** What pays for a call that is priced `by: 'hold'`; undefined for administrators. The method sees that it is settled. */
export const CurrentHold = createParamDecorator((_: unknown, context: ExecutionContext): CallHold | undefined => {
  return context.switchToHttp().getRequest<{ hold?: CallHold }>().hold;
});
