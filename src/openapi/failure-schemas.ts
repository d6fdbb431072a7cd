import type { Schema } from './sample.js';

/** What failures look like in each dialect. */
export const FAILURE_SCHEMAS: Record<string, Schema> = {
  EnvelopeFailure: {
    type: 'object',
    required: ['code', 'data', 'status'],
    additionalProperties: false,
    properties: {
      code: { type: 'integer', description: 'The HTTP status.', example: 401 },
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
      type: { type: 'string', example: 'about:blank' },
      title: { type: 'string', example: 'Unauthorized' },
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
          properties: { field: { type: 'string' }, message: { type: 'string' } },
        },
      },
    },
  },
};
