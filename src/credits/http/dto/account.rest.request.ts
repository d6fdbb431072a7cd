import { Optional } from '../../../dialects/request-fields.js';
import { PageRequest, QueryInteger } from '../../../dialects/page.request.js';

export class AccountRestRequest {
  /** Another account than your own; for administrators. */
  @Optional()
  @QueryInteger({ min: 1, max: Number.MAX_SAFE_INTEGER })
  account?: number;
}

export class AccountPageRestRequest extends PageRequest {
  /** Another account than your own; for administrators. */
  @Optional()
  @QueryInteger({ min: 1, max: Number.MAX_SAFE_INTEGER })
  account?: number;
}
