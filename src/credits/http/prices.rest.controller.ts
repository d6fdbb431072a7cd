import { Get } from '@nestjs/common';
import { RestController } from '../../dialects/dialect-controllers.js';
import { RestResult, WithoutDatabase } from '../../dialects/documented.js';
import { PRICES } from '../../route-policy/prices.js';
import { Public } from '../../route-policy/route-policy.js';
import { PriceListRestResponse } from './dto/price.rest.response.js';

@RestController('Credits', 'prices')
export class PricesRestController {
  /** List prices: what each priced call costs. Administrators pay nothing. */
  @Get()
  @Public()
  @WithoutDatabase()
  @RestResult(PriceListRestResponse)
  listPrices(): PriceListRestResponse {
    return {
      items: Object.entries(PRICES).map(([operation, price]) => ({ operation, price })),
      next_cursor: null,
    };
  }
}
