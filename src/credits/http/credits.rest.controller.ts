import { Get, Post } from '@nestjs/common';
import { RestController } from '../../dialects/dialect-controllers.js';
import { Refuses, RestResult } from '../../dialects/documented.js';
import { decodeCursor, pageOf } from '../../dialects/page.js';
import { CurrentRequest, TakesIdempotencyKey, type RequestIdentity } from '../../dialects/request-identity.js';
import { RequestBody, RequestQuery } from '../../dialects/request.pipe.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForAccounts, ForAdministrators } from '../../route-policy/route-policy.js';
import {
  AccountNotFound,
  BalanceOverflow,
  ChargeNotFound,
  ChargeRefunded,
  MoreThanCharged,
  OutOfCredits,
  UnknownOperation,
} from '../credits.errors.js';
import { CreditsService } from '../credits.service.js';
import { AccountPageRestRequest, AccountRestRequest } from './dto/account.rest.request.js';
import { ChargeRestRequest } from './dto/charge.rest.request.js';
import { CreditsRestResponse } from './dto/credits.rest.response.js';
import { EntryListRestResponse, EntryRestResponse } from './dto/entry.rest.response.js';
import { GrantRestRequest } from './dto/grant.rest.request.js';
import { RefundRestRequest } from './dto/refund.rest.request.js';

const CHARGE_EXAMPLE: EntryRestResponse = {
  account: 7,
  sequence: 2,
  kind: 'charge',
  operation: 'image.render',
  amount: -250,
  used_change: 250,
  frozen_change: 0,
  balance_after: 9750,
  reference: 'order-1042',
  request_id: '5f0c1d3a9b7e4c2d8a6f1b3e9c04d7a2',
  created_at: '2026-06-20T08:00:00.000Z',
};
const REFUND_EXAMPLE: EntryRestResponse = {
  ...CHARGE_EXAMPLE,
  sequence: 3,
  kind: 'refund',
  amount: 250,
  used_change: -250,
  balance_after: 10_000,
};
const GRANT_EXAMPLE: EntryRestResponse = {
  ...CHARGE_EXAMPLE,
  kind: 'grant',
  operation: 'top-up',
  amount: 1_000_000,
  used_change: 0,
  balance_after: 1_010_000,
};

@RestController('Credits', 'credits')
export class CreditsRestController {
  constructor(private readonly credits: CreditsService) {}

  /** Get credits: the balance of an account, your own unless you name another. */
  @Get()
  @ForAccounts()
  @RestResult(CreditsRestResponse)
  @Refuses(new AccountNotFound())
  async getCredits(
    @CurrentPrincipal() principal: Principal,
    @RequestQuery() { account }: AccountRestRequest,
  ): Promise<CreditsRestResponse> {
    return CreditsRestResponse.from(await this.credits.balanceOf({ principal, account }));
  }

  /** List entries: the ledger of an account, oldest first. */
  @Get('entries')
  @ForAccounts()
  @RestResult(EntryListRestResponse)
  @Refuses(new AccountNotFound())
  async listEntries(
    @CurrentPrincipal() principal: Principal,
    @RequestQuery() { account, cursor, limit }: AccountPageRestRequest,
  ): Promise<EntryListRestResponse> {
    const after = cursor === undefined ? undefined : Number(decodeCursor(cursor, /^\d{1,15}$/)[0]);
    const entries = await this.credits.entriesOf({ principal, account }, limit + 1, after);
    return pageOf(entries, limit, EntryRestResponse.from, (entry) => [entry.sequence]);
  }

  /** Charge: spend credits at once. Too few of them: 402, and nothing happened. */
  @Post('charges')
  @ForAccounts()
  @TakesIdempotencyKey()
  @RestResult(EntryRestResponse, { status: 201, example: CHARGE_EXAMPLE })
  @Refuses(new AccountNotFound(), new OutOfCredits(250, 42), new UnknownOperation())
  async charge(
    @CurrentPrincipal() principal: Principal,
    @CurrentRequest() request: RequestIdentity,
    @RequestBody() { account, ...purpose }: ChargeRestRequest,
  ): Promise<EntryRestResponse> {
    return EntryRestResponse.from(await this.credits.charge({ principal, account, ...request }, purpose));
  }

  /** Grant: give credits that do not lapse. */
  @Post('grants')
  @ForAdministrators()
  @TakesIdempotencyKey()
  @RestResult(EntryRestResponse, { status: 201, example: GRANT_EXAMPLE })
  @Refuses(new AccountNotFound(), new BalanceOverflow())
  async grant(
    @CurrentPrincipal() principal: Principal,
    @CurrentRequest() request: RequestIdentity,
    @RequestBody() { account, ...purpose }: GrantRestRequest,
  ): Promise<EntryRestResponse> {
    return EntryRestResponse.from(await this.credits.grant({ principal, account, ...request }, purpose));
  }

  /** Refund: give back a charge or a capture, or a part of it. Never more than it took, however often. */
  @Post('refunds')
  @ForAdministrators()
  @TakesIdempotencyKey()
  @RestResult(EntryRestResponse, { status: 201, example: REFUND_EXAMPLE })
  @Refuses(
    new AccountNotFound(),
    new ChargeNotFound(),
    new ChargeRefunded(),
    new MoreThanCharged(),
    new BalanceOverflow(),
  )
  async refund(
    @CurrentPrincipal() principal: Principal,
    @CurrentRequest() request: RequestIdentity,
    @RequestBody() { account, ...refund }: RefundRestRequest,
  ): Promise<EntryRestResponse> {
    return EntryRestResponse.from(await this.credits.refund({ principal, account, ...request }, refund));
  }
}
