import {
  Catch,
  HttpException,
  Logger,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Configuration } from '../config/configuration.js';
import { isDatabaseUnavailable } from '../database/database-errors.js';
import { DomainError } from '../errors/domain-error.js';
import { httpStatusOf } from '../errors/http-status.js';
import {
  BodyTooLarge,
  DatabaseUnavailable,
  InternalError,
  MalformedBody,
  MethodNotAllowed,
  UnknownRoute,
  UnsupportedMediaType,
} from '../errors/request.errors.js';
import { dialectOf, failureStatus, refusalIn } from './dialect.js';
import { pathOf } from './request-url.js';
import { failureHeaders } from './failure-headers.js';
import type { RouteTable } from './route-table.js';

/**
 * Answers every failure in the dialect of its URL: refusals of the domain, refused credentials, unknown routes, broken
 * JSON, and our own faults, of which the caller learns nothing but the request id.
 */
@Catch()
export class FailureFilter implements ExceptionFilter {
  private readonly logger = new Logger('Failure');

  constructor(
    private readonly configuration: Configuration,
    private readonly routes: RouteTable,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();

    const error = this.asDomainError(thrown, request);
    if (error.kind === 'internal' || error.kind === 'unavailable') {
      this.logger.error({ requestId: request.id, code: error.code, err: error.cause ?? error });
    }
    this.answer(error, request, reply);
  }

  private answer(error: DomainError, request: FastifyRequest, reply: FastifyReply): void {
    const dialect = dialectOf(request.url);
    const { code, message, fields } = error;
    const refusal = refusalIn(dialect, { status: httpStatusOf(error.kind), code, message, fields });

    reply.status(failureStatus(dialect, refusal.status, this.configuration));
    reply.header('content-type', dialect.failureType);
    for (const [name, value] of Object.entries(failureHeaders(error))) {
      reply.header(name, value);
    }
    reply.send(dialect.failure(refusal));
  }

  private asDomainError(thrown: unknown, request: FastifyRequest): DomainError {
    if (thrown instanceof DomainError) {
      return thrown;
    }
    if (thrown instanceof NotFoundException) {
      // Services refuse with errors of their own, so this one can only come from the router.
      const path = pathOf(request.url);
      const methods = this.routes.methodsOf(path);
      return methods.length > 0 && !methods.includes(request.method)
        ? new MethodNotAllowed(request.method, methods)
        : new UnknownRoute(request.method, path);
    }
    if (isDatabaseUnavailable(thrown)) {
      return new DatabaseUnavailable({ cause: thrown });
    }
    return requestError(thrown, request) ?? new InternalError({ cause: thrown });
  }
}

/** Fastify's own refusals, by their codes. Nest wraps them. */
function requestError(thrown: unknown, request: FastifyRequest): DomainError | undefined {
  const original = thrown instanceof HttpException ? (thrown.cause ?? thrown) : thrown;
  const { code, statusCode } = original as { code?: string; statusCode?: number };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new BodyTooLarge(request.routeOptions.bodyLimit ?? 0);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new UnsupportedMediaType();
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new MalformedBody('The body is shorter or longer than its Content-Length says.');
  }
  const status = original instanceof HttpException ? original.getStatus() : statusCode;
  return status === 400 ? new MalformedBody('The request could not be understood.', { cause: thrown }) : undefined;
}
