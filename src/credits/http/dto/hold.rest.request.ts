import { IsIn } from 'class-validator';
import { PageRequest, QueryInteger } from '../../../dialects/page.request.js';
import { Credits, Optional, WholeNumber } from '../../../dialects/request-fields.js';
import type { HoldStatus } from '../../hold.entity.js';
import { OrderRestRequest, PurposeRestRequest } from './order.rest.request.js';

const EXPIRES_IN_DEFAULT_SECONDS = 15 * 60;
const EXPIRES_IN_MAX_SECONDS = 7 * 24 * 60 * 60;

export class HoldRestRequest extends PurposeRestRequest {
  /**
   * Seconds until it is released by itself.
   * @example 900
   */
  @Optional()
  @WholeNumber({ min: 1, max: EXPIRES_IN_MAX_SECONDS })
  expires_in: number = EXPIRES_IN_DEFAULT_SECONDS;
}

/** An administrator need not name the account of a hold. */
export class CaptureRestRequest extends OrderRestRequest {
  /**
   * What is spent, in credits; the rest goes back. All of it when it is left out.
   * @example 200
   */
  @Optional()
  @Credits()
  amount?: number;
}

/** An administrator need not name the account of a hold. */
export class ReleaseRestRequest extends OrderRestRequest {}

const STATUSES = ['held', 'captured', 'released', 'expired'] as const satisfies HoldStatus[];

export class HoldPageRestRequest extends PageRequest {
  /** Another account than your own; for administrators. */
  @Optional()
  @QueryInteger({ min: 1, max: Number.MAX_SAFE_INTEGER })
  account?: number;

  /** Only those that are in this state. */
  @Optional()
  @IsIn(STATUSES)
  status?: 'held' | 'captured' | 'released' | 'expired';
}
