import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';

/** Renders the successes of a controller in its dialect, with status 200 throughout. */
export class DialectInterceptor implements NestInterceptor {
  constructor(private readonly dialect: { success(result: unknown): unknown }) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    // Nest answers 201 to a POST unless it is told otherwise.
    context.switchToHttp().getResponse<FastifyReply>().status(200);
    return next.handle().pipe(map((result: unknown) => this.dialect.success(result)));
  }
}
