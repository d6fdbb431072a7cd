import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, from, type Observable } from 'rxjs';
import { PAID_BY, PRICED_OPERATION, type CallHold, type PaidBy } from '../route-policy/price-policy.js';
import { PRICES, type PricedOperation } from '../route-policy/prices.js';
import type { Principal } from '../route-policy/principal.js';
import { CallHoldsService } from './call-holds.service.js';
import { OutOfCredits } from './credits.errors.js';
import { CreditsService } from './credits.service.js';
import type { Order } from './order.js';
import { Repayments } from './repayments.js';

type PricedRequest = FastifyRequest & { user: Principal; hold?: CallHold };

/** What a call has cost so far. */
interface Payment {
  balanceAfter: number;
  /** Answers what can be spent then, if that can be known. */
  giveBack(): Promise<number | undefined>;
}

/**
 * Makes a priced call pay before its work, and gives the credits back when the work fails. The answer says what the call
 * costs, and what is left.
 */
@Injectable()
export class PricingInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly credits: CreditsService,
    private readonly callHolds: CallHoldsService,
    private readonly repayments: Repayments,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const operation = this.reflector.get<PricedOperation>(PRICED_OPERATION, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<PricedRequest>();
    const { user: principal, id: requestId } = request;
    const reply = http.getResponse<FastifyReply>();

    if (principal.role === 'admin') {
      const { spendable } = await this.credits.balanceOf({ principal });
      tell(reply, 0, spendable);
      return next.handle();
    }
    const by = this.reflector.get<PaidBy>(PAID_BY, context.getHandler());
    const order = { principal, requestId };
    const pay = by === 'hold' ? this.hold(order, operation, request) : this.charge(order, operation);
    const payment = await pay.catch((error: unknown) => {
      if (error instanceof OutOfCredits) {
        tell(reply, 0, error.spendable);
      }
      throw error;
    });
    const price = PRICES[operation];
    const repayment = { requestId, balanceAfter: payment.balanceAfter + price, attempt: payment.giveBack };
    tell(reply, price, payment.balanceAfter);
    return next.handle().pipe(
      catchError((error: unknown) =>
        from(
          this.repayments.make(repayment).then((balance) => {
            if (balance !== undefined) {
              tell(reply, 0, balance);
            }
            throw error;
          }),
        ),
      ),
    );
  }

  private async charge(order: Order, operation: PricedOperation): Promise<Payment> {
    const charge = await this.credits.charge(order, { operation });
    return { balanceAfter: charge.balanceAfter, giveBack: () => this.credits.giveBack(order, charge) };
  }

  /** The method finds the hold in the request, to hand it on to whoever ends the work. */
  private async hold(order: Order, operation: PricedOperation, request: PricedRequest): Promise<Payment> {
    const { hold, balanceAfter } = await this.callHolds.make(order, operation);
    request.hold = hold;
    return { balanceAfter, giveBack: () => this.callHolds.giveBack(order, hold) };
  }
}

function tell(reply: FastifyReply, cost: number, remaining: number): void {
  reply.header('x-credits-cost', cost).header('x-credits-remaining', remaining);
}
