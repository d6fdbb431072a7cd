import { Credits, Optional, Text, WholeNumber } from '../../../dialects/request-fields.js';

/** What every operation on an account takes. */
export class OrderRestRequest {
  /** Another account than your own; for administrators. */
  @Optional()
  @WholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
  account?: number;

  /**
   * Anything of yours that tells what it belongs to.
   * @example "order-1042"
   */
  @Optional()
  @Text({ max: 200 })
  reference?: string;
}

/** What it costs: an amount, under any name, or an operation of the price list. */
export class PurposeRestRequest extends OrderRestRequest {
  /**
   * In credits. May be left out when `operation` is in the price list.
   * @example 250
   */
  @Optional()
  @Credits()
  amount?: number;

  /**
   * What it is for.
   * @example "image.render"
   */
  @Optional()
  @Text({ min: 1, max: 100 })
  operation?: string;
}
