import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Batcher } from '../batching/batcher.js';
import { Configuration } from '../config/configuration.js';
import { isRefusedByDatabase } from '../database/database-errors.js';
import { PreparedStatements } from '../database/prepared-statements.js';
import { retried } from '../database/transactions.js';
import type { DomainError } from '../errors/domain-error.js';
import { IdempotencyKeyInUse, IdempotencyKeyReused } from '../errors/request.errors.js';
import {
  AccountNotFound,
  BalanceOverflow,
  ChargeNotFound,
  ChargeRefunded,
  HoldNotFound,
  HoldSettled,
  MoreThanCharged,
  MoreThanHeld,
  OutOfCredits,
  TooManyHolds,
} from './credits.errors.js';
import { Metrics } from '../operations/metrics.js';
import type { EntryView } from './entry.view.js';
import type { HoldStatus } from './hold.entity.js';
import type { HoldView } from './hold.view.js';
import type { Order } from './order.js';

/** One change of a balance that somebody wants. Amounts are whole credits, from 1 to 2^53 - 1. */
export type LedgerOperation = { accountId: number } & (
  | { kind: 'charge' | 'grant'; amount: number; operation: string; reference?: string | undefined }
  | { kind: 'hold'; amount: number; operation: string; reference?: string | undefined; expiresInSeconds: number }
  /** Without an amount: everything that is held. */
  | { kind: 'capture'; holdId: string; amount?: number | undefined; reference?: string | undefined }
  | { kind: 'release'; holdId: string; reference?: string | undefined }
  /** Without an amount: everything that was not given back yet. */
  | { kind: 'refund'; refundedSequence: number; amount?: number | undefined; reference?: string | undefined }
  /** Only what is due by the calendar: expired holds and the end of the period. */
  | { kind: 'settle' }
);

export interface Performed {
  entry: EntryView;
  /** Of the three operations that concern one. */
  hold?: HoldView;
}

/** Who wants it, and by which request: where the key of that request is kept. */
type Origin = Pick<Order, 'principal' | 'requestId' | 'idempotency'>;

interface Item {
  operation: LedgerOperation;
  origin?: Origin;
}

/** As `ledger_apply` answers. */
type Outcome = Partial<{ refusal: Refusal; spendable: number; status: HoldStatus; entry: EntryJson; hold: HoldJson }>;

const LEDGER_APPLY = { name: 'ledger_apply', text: 'SELECT item_index, outcome FROM ledger_apply($1, $2)' };
const BATCH_SIZE_MAX = 200;
const ATTEMPTS_MAX = 8;
/** How long a request waits for an equal one before it is told that that one is still being worked on. */
const EQUAL_PATIENCE_MS = 1_000;

/**
 * The only way to change a balance. Operations that arrive while others are being committed travel in the next statement
 * together, whichever accounts they belong to; `ledger_apply` decides each on its own, in order of arrival, and every
 * answer comes after the commit.
 */
@Injectable()
export class Ledger {
  private readonly batcher: Batcher<Item, Outcome>;
  private readonly keysInUse = new Map<string, { fingerprint: string; outcome: Promise<Outcome> }>();

  constructor(
    private readonly statements: PreparedStatements,
    private readonly configuration: Configuration,
    metrics: Metrics,
  ) {
    this.batcher = new Batcher<Item, Outcome>({
      run: (items) => this.applyAll(items),
      isWorthSplitting: isRefusedByDatabase,
      inFlightMax: 1,
      sizeMax: BATCH_SIZE_MAX,
      observer: metrics.ofBatcher('ledger'),
    });
  }

  /**
   * Carries out one operation.
   *
   * @throws OutOfCredits, AccountNotFound, HoldNotFound, HoldSettled, MoreThanHeld, TooManyHolds, ChargeNotFound, ChargeRefunded,
   *   MoreThanCharged, BalanceOverflow, IdempotencyKeyReused, IdempotencyKeyInUse, TooManyWaiting
   */
  async perform(operation: Exclude<LedgerOperation, { kind: 'settle' }>, origin: Origin): Promise<Performed> {
    const { entry, hold } = await this.oncePerKey({ operation, origin });
    return { entry: entryOf(entry!), ...(hold ? { hold: holdOf(hold) } : {}) };
  }

  /** Does what is due on an account by the calendar. Idempotent, however many do it at once. */
  async settle(accountId: number): Promise<void> {
    await this.apply({ operation: { kind: 'settle', accountId } });
  }

  /** Equal requests that meet here are one, with one answer; `ledger_apply` sees to it across processes. */
  private async oncePerKey(item: Required<Item>): Promise<Outcome> {
    const { principal, idempotency } = item.origin;
    if (idempotency === undefined) {
      return this.apply(item);
    }
    const { key, fingerprint } = idempotency;
    const name = `${principal.accountId} ${key}`;
    const inUse = this.keysInUse.get(name);
    if (inUse) {
      if (inUse.fingerprint !== fingerprint) {
        throw new IdempotencyKeyReused();
      }
      const outcome = await Promise.race([inUse.outcome, sleep(EQUAL_PATIENCE_MS, undefined, { ref: false })]);
      if (!outcome) {
        throw new IdempotencyKeyInUse();
      }
      return outcome;
    }
    const outcome = this.apply(item).finally(() => this.keysInUse.delete(name));
    this.keysInUse.set(name, { fingerprint, outcome });
    return outcome;
  }

  private async apply(item: Item): Promise<Outcome> {
    const outcome = await this.batcher.add(item);
    if (outcome.refusal) {
      throw REFUSALS[outcome.refusal](outcome, item.operation);
    }
    return outcome;
  }

  private async applyAll(items: Item[]): Promise<Outcome[]> {
    const parameters = [JSON.stringify(items.map(itemOf)), this.configuration.creditsPerPeriod];
    const rows = await retried(() => this.statements.run(LEDGER_APPLY, parameters), ATTEMPTS_MAX);
    const outcomes: Outcome[] = [];
    for (const [index, outcome] of rows) {
      outcomes[Number(index)] = JSON.parse(outcome!) as Outcome;
    }
    return outcomes;
  }
}

const REFUSALS = {
  account_not_found: () => new AccountNotFound(),
  balance_overflow: () => new BalanceOverflow(),
  charge_not_found: () => new ChargeNotFound(),
  charge_refunded: () => new ChargeRefunded(),
  hold_not_found: () => new HoldNotFound(),
  hold_settled: ({ status }) => new HoldSettled(status!),
  key_in_use: () => new IdempotencyKeyInUse(),
  key_reused: () => new IdempotencyKeyReused(),
  more_than_charged: () => new MoreThanCharged(),
  more_than_held: () => new MoreThanHeld(),
  too_many_holds: () => new TooManyHolds(),
  out_of_credits: ({ spendable }, operation) =>
    new OutOfCredits('amount' in operation ? operation.amount! : 0, spendable!),
} satisfies Record<string, (outcome: Outcome, operation: LedgerOperation) => DomainError>;

type Refusal = keyof typeof REFUSALS;

/** As `ledger_apply` reads it. */
function itemOf({ operation, origin }: Item, index: number): object {
  return {
    index,
    ...operation,
    requestId: origin?.requestId,
    ...(origin?.idempotency ? { callerAccountId: origin.principal.accountId, ...origin.idempotency } : {}),
  };
}

/** Rows as PostgreSQL writes them in JSON. */
interface EntryJson {
  account_id: number;
  sequence: number;
  kind: EntryView['kind'];
  operation: string;
  amount: number;
  used_change: number;
  frozen_change: number;
  balance_after: number;
  reference: string | null;
  request_id: string | null;
  created_at: string;
}

interface HoldJson {
  account_id: number;
  id: string;
  operation: string;
  amount: number;
  captured: number;
  status: HoldStatus;
  reference: string | null;
  expires_at: string;
  created_at: string;
}

function entryOf(json: EntryJson): EntryView {
  return {
    accountId: json.account_id,
    sequence: json.sequence,
    kind: json.kind,
    operation: json.operation,
    amount: json.amount,
    usedChange: json.used_change,
    frozenChange: json.frozen_change,
    balanceAfter: json.balance_after,
    reference: json.reference,
    requestId: json.request_id,
    createdAt: new Date(json.created_at),
  };
}

function holdOf(json: HoldJson): HoldView {
  return {
    id: json.id,
    accountId: json.account_id,
    operation: json.operation,
    amount: json.amount,
    captured: json.captured,
    status: json.status,
    reference: json.reference,
    expiresAt: new Date(json.expires_at),
    createdAt: new Date(json.created_at),
  };
}
