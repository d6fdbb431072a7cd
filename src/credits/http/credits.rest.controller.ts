import { Get, Query } from '@nestjs/common';
import { RestController } from '../../dialects/dialect-controllers.js';
import { Refuses, RestResult } from '../../dialects/documented.js';
import { decodeCursor, pageOf } from '../../dialects/page.js';
import type { Principal } from '../../route-policy/principal.js';
import { CurrentPrincipal, ForAccounts } from '../../route-policy/route-policy.js';
import { AccountNotFound } from '../credits.errors.js';
import { CreditsService } from '../credits.service.js';
import { AccountPageRestRequest, AccountRestRequest } from './dto/account.rest.request.js';
import { CreditsRestResponse } from './dto/credits.rest.response.js';
import { EntryListRestResponse, EntryRestResponse } from './dto/entry.rest.response.js';

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
    @Query() query: AccountRestRequest,
  ): Promise<CreditsRestResponse> {
    const accountId = this.credits.accountFor(principal, query.account);
    return CreditsRestResponse.from(await this.credits.balanceOf(accountId));
  }

  /** List entries: the ledger of an account, oldest first. */
  @Get('entries')
  @ForAccounts()
  @RestResult(EntryListRestResponse)
  @Refuses(new AccountNotFound())
  async listEntries(
    @CurrentPrincipal() principal: Principal,
    @Query() query: AccountPageRestRequest,
  ): Promise<EntryListRestResponse> {
    const accountId = this.credits.accountFor(principal, query.account);
    const after = query.cursor === undefined ? undefined : Number(decodeCursor(query.cursor, /^\d{1,15}$/)[0]);
    const entries = await this.credits.entriesOf(accountId, query.limit + 1, after);
    return pageOf(entries, query.limit, EntryRestResponse.from, (entry) => [entry.sequence]);
  }
}
