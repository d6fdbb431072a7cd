/**
 * What calls cost, in credits (1 credit = 0.000001 USD): the one table. `@Priced('…')` takes its names; the price list
 * and the OpenAPI document show its numbers.
 */
export const PRICES = {
  'user.create': 1,
  'user.delete': 1,
  'user.list': 1,
  'user.login': 1,
  'user.logout': 1,
  'user.logout_all': 1,
  'user.read': 1,
  'user.read_session': 1,
  'user.reset_password': 1,
  'user.send_magic_link': 10_000,
  'user.send_password_reset_email': 1,
  'user.send_verification_email': 10_000,
  'user.update': 1,
  'user.update_password': 1,
  'user.verify_email': 1,
  'user.verify_token': 1,
} as const satisfies Record<string, number>;

export type PricedOperation = keyof typeof PRICES;

/** The price of an operation by its name; undefined where the table has none. */
export function priceOf(operation: string): number | undefined {
  return Object.hasOwn(PRICES, operation) ? PRICES[operation as PricedOperation] : undefined;
}
