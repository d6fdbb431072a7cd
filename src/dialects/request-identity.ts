import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { InvalidIdempotencyKey } from '../errors/request.errors.js';

export const IDEMPOTENCY_KEY_HEADER = 'Idempotency-Key';

/** What a request is recognised by, in the log and when it is sent again. */
export interface RequestIdentity {
  requestId: string;
  idempotencyKey?: string;
}

/**
 * Takes an `Idempotency-Key`, as in the IETF's draft-ietf-httpapi-idempotency-key-header: with or without the quotes of a
 * structured field.
 */
export function TakesIdempotencyKey(): MethodDecorator {
  return ApiHeader({
    name: IDEMPOTENCY_KEY_HEADER,
    required: false,
    description:
      'Any text of your choice, such as a UUID. A request that is sent again with the same one within 24 hours gets the ' +
      'same answer and has no further effect.',
    schema: { type: 'string', minLength: 1, maxLength: 255, example: '8e03978e-40d5-43dd-bc93-6894a57f9324' },
  });
}

/** The identity of the current request, in a controller's method. */
export const CurrentRequest = createParamDecorator((_: unknown, context: ExecutionContext): RequestIdentity => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return { requestId: request.id, idempotencyKey: idempotencyKeyOf(request) };
});

function idempotencyKeyOf({ headers, raw }: FastifyRequest): string | undefined {
  const value = headers['idempotency-key'];
  if (value === undefined) {
    return undefined;
  }
  const text = String(value);
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  const isRepeated = (raw.headersDistinct['idempotency-key']?.length ?? 0) > 1;
  if (isRepeated || !/^[!#-[\]-~]{1,255}$/.test(key)) {
    throw new InvalidIdempotencyKey();
  }
  return key;
}
