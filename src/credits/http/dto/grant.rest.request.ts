import { Credits, Optional, Text } from '../../../dialects/request-fields.js';
import { OrderRestRequest } from './order.rest.request.js';

export class GrantRestRequest extends OrderRestRequest {
  /**
   * In credits.
   * @example 1000000
   */
  @Credits()
  amount!: number;

  /**
   * What it is for.
   * @example "top-up"
   */
  @Optional()
  @Text({ min: 1, max: 100 })
  operation?: string;
}
