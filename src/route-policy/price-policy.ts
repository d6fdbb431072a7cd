import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

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

/** What pays for a call that is priced `by: 'hold'`; undefined for administrators. The method sees that it is settled. */
export const CurrentHold = createParamDecorator((_: unknown, context: ExecutionContext): CallHold | undefined => {
  return context.getArgByIndex<{ hold?: CallHold }>(0).hold;
});
