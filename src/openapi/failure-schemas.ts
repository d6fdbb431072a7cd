import type { OpenAPIObject } from '@nestjs/swagger';
import type { Dialect } from '../dialects/dialect.js';
import type { Schema } from './sample.js';

type Headers = NonNullable<NonNullable<OpenAPIObject['components']>['headers']>;

/** Headers of answers that mean the same everywhere. */
export const ANSWER_HEADERS = {
  'Retry-After': {
    description: 'How many seconds to wait before it makes sense to try again.',
    schema: { type: 'integer', example: 5 },
  },
  'X-Credits-Cost': {
    description: 'What the call has cost, in credits: 0 when it failed, and for administrators.',
    schema: { type: 'integer', format: 'int64', example: 1 },
  },
  'X-Credits-Remaining': {
    description: 'What the account can spend after the call, in credits.',
    schema: { type: 'integer', format: 'int64', example: 9999 },
  },
  'WWW-Authenticate': {
    description: 'How to authenticate.',
    schema: { type: 'string', example: 'Bearer' },
  },
  'X-Request-Id': {
    description: 'Names the request in the log: the `X-Request-Id` that it came with, or a new one.',
    schema: { type: 'string', example: '5f0c1d3a9b7e4c2d8a6f1b3e9c04d7a2' },
  },
} satisfies Headers;

export function failureSchemaName({ name }: Dialect): string {
  return { envelope: 'EnvelopeFailure', rpc: 'RpcFailure', rest: 'Problem' }[name];
}

/** What failures look like in each dialect. */
export const FAILURE_SCHEMAS: Record<string, Schema> = {
  EnvelopeFailure: {
    type: 'object',
    description:
      'A server that is set to `ENVELOPE_HTTP_STATUS=always-200` sends this body with HTTP status 200, for clients ' +
      'of the original service, which did so.',
    required: ['code', 'data', 'status'],
    additionalProperties: false,
    properties: {
      code: { type: 'integer', description: 'The status: 4xx for the caller, 5xx for the server.', example: 401 },
      data: { type: 'string', description: 'What is wrong, for people.', example: 'Not authenticated' },
      status: { type: 'integer', enum: [0], example: 0 },
    },
  },
  RpcFailure: {
    type: 'object',
    required: ['id', 'code', 'detail', 'status'],
    additionalProperties: false,
    properties: {
      id: { type: 'string', description: 'Stable, for programs.', example: 'auth.not_authenticated' },
      code: { type: 'integer', description: 'The HTTP status.', example: 401 },
      detail: { type: 'string', description: 'What is wrong, for people.', example: 'Not authenticated' },
      status: { type: 'string', description: 'The standard text of the HTTP status.', example: 'Unauthorized' },
    },
  },
  Problem: {
    type: 'object',
    description: 'A problem document (RFC 9457).',
    required: ['type', 'title', 'status', 'detail', 'code', 'message', 'error'],
    additionalProperties: false,
    properties: {
      type: { type: 'string', format: 'uri-reference', example: 'about:blank' },
      title: { type: 'string', description: 'The standard text of the HTTP status.', example: 'Unauthorized' },
      status: { type: 'integer', description: 'The HTTP status.', example: 401 },
      detail: { type: 'string', description: 'What is wrong, for people.', example: 'Not authenticated' },
      code: { type: 'string', description: 'Stable, for programs.', example: 'auth.not_authenticated' },
      message: {
        type: 'string',
        description: 'The same as `detail`, for older clients.',
        example: 'Not authenticated',
      },
      error: { type: 'string', description: 'The same as `title`, for older clients.', example: 'Unauthorized' },
      fields: {
        type: 'array',
        description: 'The fields that are wrong, if it is about fields.',
        items: {
          type: 'object',
          required: ['field', 'message'],
          additionalProperties: false,
          properties: {
            field: { type: 'string', description: 'Which one.', example: 'email' },
            message: { type: 'string', description: 'What is wrong with it.', example: 'email must not be empty' },
          },
        },
      },
    },
  },
};
