import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { InvalidIdempotencyKey } from '../errors/request.errors.js';
import { pathOf } from './request-url.js';

export const IDEMPOTENCY_KEY_HEADER = 'Idempotency-Key';

/** What a request is recognised by when it is sent again. */
export interface Idempotency {
  /** Chosen by the caller. */
  key: string;
  /** Digest of what was sent: the same key with something else is refused. */
  fingerprint: string;
}

/** What a request is recognised by, in the log and when it is sent again. */
export interface RequestIdentity {
  requestId: string;
  idempotency?: Idempotency;
}

/** What is visible in ASCII, but quotes and backslashes. */
const KEY = /^[!#-[\]-~]{1,255}$/;

/**
 * Takes an `Idempotency-Key`, as in the IETF's draft-ietf-httpapi-idempotency-key-header: with or without the quotes of a
 * structured field.
 */
export function TakesIdempotencyKey(): MethodDecorator {
  return ApiHeader({
    name: IDEMPOTENCY_KEY_HEADER,
    required: false,
    description:
      'Of your choice, such as a new UUID for each operation. A request that is sent again with the same key within 24 ' +
      'hours gets the same answer and has no further effect.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: KEY.source },
  });
}

/** The identity of the current request, in a controller's method. */
export const CurrentRequest = createParamDecorator((_: unknown, context: ExecutionContext): RequestIdentity => {
  const request = context.getArgByIndex<FastifyRequest>(0);
  const key = idempotencyKeyOf(request);
  return {
    requestId: request.id,
    ...(key === undefined ? {} : { idempotency: { key, fingerprint: fingerprintOf(request) } }),
  };
});

/** Whatever the order of the fields and the spelling of the path. */
function fingerprintOf({ method, url, body }: FastifyRequest): string {
  const path = pathOf(url).replace(/\/$/, '').toLowerCase();
  const fields = Object.entries(body ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([method, path, fields]))
    .digest('base64url');
}

function idempotencyKeyOf({ headers, raw }: FastifyRequest): string | undefined {
  const value = headers['idempotency-key'];
  if (value === undefined) {
    return undefined;
  }
  const text = String(value);
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  const isRepeated = (raw.headersDistinct['idempotency-key']?.length ?? 0) > 1;
  if (isRepeated || !KEY.test(key)) {
    throw new InvalidIdempotencyKey();
  }
  return key;
}
