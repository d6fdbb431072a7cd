import { Credits, Optional, WholeNumber } from '../../../dialects/request-fields.js';
import { OrderRestRequest } from './order.rest.request.js';

export class RefundRestRequest extends OrderRestRequest {
  /**
   * The `sequence` of the charge or capture that is given back.
   * @example 2
   */
  @WholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
  charge!: number;

  /**
   * In credits; all that was not given back yet when it is left out.
   * @example 250
   */
  @Optional()
  @Credits()
  amount?: number;
}
