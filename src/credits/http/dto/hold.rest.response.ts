import type { HoldView } from '../../hold.view.js';

export class HoldRestResponse {
  /** @example "0b6e1f4e-92a4-4d0c-9a2b-5a1f7c3de0d1" */
  id!: string;
  /** @example 7 */
  account!: number;
  /**
   * What it is for.
   * @example "image.render"
   */
  operation!: string;
  /** @example 250 */
  amount!: number;
  /**
   * What of it was spent.
   * @example 0
   */
  captured!: number;
  /** @example "held" */
  status!: 'held' | 'captured' | 'released' | 'expired';
  /** @example "order-1042" */
  reference!: string | null;
  /**
   * When it is released by itself.
   * @example "2026-06-20T08:15:00.000Z"
   */
  expires_at!: string;
  /** @example "2026-06-20T08:00:00.000Z" */
  created_at!: string;

  static from(hold: HoldView): HoldRestResponse {
    return {
      id: hold.id,
      account: hold.accountId,
      operation: hold.operation,
      amount: hold.amount,
      captured: hold.captured,
      status: hold.status,
      reference: hold.reference,
      expires_at: hold.expiresAt.toISOString(),
      created_at: hold.createdAt.toISOString(),
    };
  }
}

export class HoldListRestResponse {
  items!: HoldRestResponse[];
  /**
   * Give it as `cursor` to get what follows; null at the end.
   * @example null
   */
  next_cursor!: string | null;
}
