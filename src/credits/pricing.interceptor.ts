import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, from, type Observable } from 'rxjs';
import { PRICED_OPERATION } from '../route-policy/priced.js';
import { PRICES, type PricedOperation } from '../route-policy/prices.js';
import type { Principal } from '../route-policy/principal.js';
import { OutOfCredits } from './credits.errors.js';
import { CreditsService } from './credits.service.js';
import { RefundsService } from './refunds.service.js';

/**
 * Charges a priced call before its work and gives the credits back when the work fails. The answer says what the call
 * has cost in the end, and what is left.
 */
@Injectable()
export class PricingInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly credits: CreditsService,
    private readonly refunds: RefundsService,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const operation = this.reflector.get<PricedOperation | undefined>(PRICED_OPERATION, context.getHandler());
    if (operation === undefined) {
      return next.handle();
    }
    const http = context.switchToHttp();
    const { user: principal, id: requestId } = http.getRequest<FastifyRequest & { user: Principal }>();
    const reply = http.getResponse<FastifyReply>();

    if (principal.role === 'admin') {
      const { spendable } = await this.credits.balanceOf({ principal });
      tell(reply, 0, spendable);
      return next.handle();
    }
    const order = { principal, requestId };
    const charge = await this.credits.charge(order, { operation }).catch((error: unknown) => {
      if (error instanceof OutOfCredits) {
        tell(reply, 0, error.spendable);
      }
      throw error;
    });
    tell(reply, PRICES[operation], charge.balanceAfter);
    return next.handle().pipe(
      catchError((error: unknown) =>
        from(
          this.refunds.giveBack(order, charge).then((balanceAfter) => {
            if (balanceAfter !== undefined) {
              tell(reply, 0, balanceAfter);
            }
            throw error;
          }),
        ),
      ),
    );
  }
}

function tell(reply: FastifyReply, cost: number, remaining: number): void {
  reply.header('x-credits-cost', cost).header('x-credits-remaining', remaining);
}
