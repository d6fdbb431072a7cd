import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { dialectOf } from './dialect.js';

/** Renders every success in the dialect of its URL. */
@Injectable()
export class DialectInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const dialect = dialectOf(http.getRequest<FastifyRequest>().url);
    if (dialect.successStatus !== undefined) {
      // Nest answers 201 to a POST unless it is told otherwise.
      http.getResponse<FastifyReply>().status(dialect.successStatus);
    }
    return next.handle().pipe(map((result: unknown) => dialect.success(result)));
  }
}
