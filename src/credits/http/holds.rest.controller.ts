import { Get, Param, Post } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { RestController } from '../../dialects/dialect-controllers.js';
import { Refuses, RestResult } from '../../dialects/documented.js';
import { CURSOR_TIME, decodeCursor, pageOf } from '../../dialects/page.js';
import { CurrentRequest, TakesIdempotencyKey, type RequestIdentity } from '../../dialects/request-identity.js';
import { RequestBody, RequestQuery } from '../../dialects/request.pipe.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForAccounts } from '../../route-policy/route-policy.js';
import {
  AccountNotFound,
  HoldNotFound,
  HoldSettled,
  MoreThanHeld,
  OutOfCredits,
  TooManyHolds,
  UnknownOperation,
} from '../credits.errors.js';
import { HOLD_ID, HoldsService, type HoldPosition } from '../holds.service.js';
import { AccountRestRequest } from './dto/account.rest.request.js';
import {
  CaptureRestRequest,
  HoldPageRestRequest,
  HoldRestRequest,
  ReleaseRestRequest,
} from './dto/hold.rest.request.js';
import { HoldListRestResponse, HoldRestResponse } from './dto/hold.rest.response.js';

const HOLD_ID_PARAMETER = ApiParam({
  name: 'id',
  description: 'As the answer to the hold names it.',
  schema: { type: 'string', example: '0b6e1f4e-92a4-4d0c-9a2b-5a1f7c3de0d1' },
});

@RestController('Credits', 'credits/holds')
export class HoldsRestController {
  constructor(private readonly holds: HoldsService) {}

  /** Hold: freeze credits for a time, to be captured or released later. */
  @Post()
  @ForAccounts()
  @TakesIdempotencyKey()
  @RestResult(HoldRestResponse, { status: 201 })
  @Refuses(new AccountNotFound(), new OutOfCredits(250, 42), new TooManyHolds(), new UnknownOperation())
  async hold(
    @CurrentPrincipal() principal: Principal,
    @CurrentRequest() request: RequestIdentity,
    @RequestBody() { account, expires_in, ...purpose }: HoldRestRequest,
  ): Promise<HoldRestResponse> {
    const order = { principal, account, ...request };
    return HoldRestResponse.from(await this.holds.hold(order, { ...purpose, expiresInSeconds: expires_in }));
  }

  /** List holds, newest first. */
  @Get()
  @ForAccounts()
  @RestResult(HoldListRestResponse)
  @Refuses(new AccountNotFound())
  async listHolds(
    @CurrentPrincipal() principal: Principal,
    @RequestQuery() { account, cursor, limit, status }: HoldPageRestRequest,
  ): Promise<HoldListRestResponse> {
    const after = cursor === undefined ? undefined : holdPosition(cursor);
    const holds = await this.holds.list({ principal, account }, limit + 1, { status, after });
    return pageOf(holds, limit, HoldRestResponse.from, (hold) => [hold.createdAt.toISOString(), hold.id]);
  }

  /** Get a hold. */
  @Get(':id')
  @ForAccounts()
  @HOLD_ID_PARAMETER
  @RestResult(HoldRestResponse)
  @Refuses(new AccountNotFound(), new HoldNotFound())
  async getHold(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @RequestQuery() { account }: AccountRestRequest,
  ): Promise<HoldRestResponse> {
    return HoldRestResponse.from(await this.holds.get({ principal, account }, id));
  }

  /** Capture: spend what is held, or a part of it. The rest goes back. */
  @Post(':id/capture')
  @ForAccounts()
  @HOLD_ID_PARAMETER
  @TakesIdempotencyKey()
  @RestResult(HoldRestResponse, { example: settled('captured', 200) })
  @Refuses(new AccountNotFound(), new HoldNotFound(), new HoldSettled('captured'), new MoreThanHeld())
  async capture(
    @CurrentPrincipal() principal: Principal,
    @CurrentRequest() request: RequestIdentity,
    @Param('id') id: string,
    @RequestBody() { account, ...purpose }: CaptureRestRequest,
  ): Promise<HoldRestResponse> {
    return HoldRestResponse.from(await this.holds.capture({ principal, account, ...request }, id, purpose));
  }

  /** Release: give back all that is held. */
  @Post(':id/release')
  @ForAccounts()
  @HOLD_ID_PARAMETER
  @TakesIdempotencyKey()
  @RestResult(HoldRestResponse, { example: settled('released', 0) })
  @Refuses(new AccountNotFound(), new HoldNotFound(), new HoldSettled('released'))
  async release(
    @CurrentPrincipal() principal: Principal,
    @CurrentRequest() request: RequestIdentity,
    @Param('id') id: string,
    @RequestBody() { account, ...purpose }: ReleaseRestRequest,
  ): Promise<HoldRestResponse> {
    return HoldRestResponse.from(await this.holds.release({ principal, account, ...request }, id, purpose));
  }
}

function settled(status: HoldRestResponse['status'], captured: number): HoldRestResponse {
  return {
    id: '0b6e1f4e-92a4-4d0c-9a2b-5a1f7c3de0d1',
    account: 7,
    operation: 'image.render',
    amount: 250,
    captured,
    status,
    reference: 'order-1042',
    expires_at: '2026-06-20T08:15:00.000Z',
    created_at: '2026-06-20T08:00:00.000Z',
  };
}

function holdPosition(cursor: string): HoldPosition {
  const [createdAt, id] = decodeCursor(cursor, CURSOR_TIME, HOLD_ID);
  return { createdAt: createdAt!, id: id! };
}
