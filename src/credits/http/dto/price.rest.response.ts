export class PriceRestResponse {
  /**
   * What the call is named, in the ledger too.
   * @example "user.read"
   */
  operation!: string;
  /**
   * In credits.
   * @example 1
   */
  price!: number;
}

export class PriceListRestResponse {
  items!: PriceRestResponse[];
  /**
   * The list is never longer than one page.
   * @example null
   */
  next_cursor!: string | null;
}
