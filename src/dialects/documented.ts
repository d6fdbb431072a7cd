import { HttpCode, applyDecorators, type Type } from '@nestjs/common';
import { ApiExtension, ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { DomainError } from '../errors/domain-error.js';
import { httpStatusOf } from '../errors/http-status.js';
import type { Refusal } from './dialect.js';

/** Decorators that say what an operation answers. What every operation may answer is added when the document is made. */

/** Carries the refusals of an operation into the OpenAPI document, where they are rendered in its dialect. */
export const REFUSALS_EXTENSION = 'x-refusals';

/** `{code: 200, data: <Result>, status: 1}`. */
export function EnvelopeResult(result: Type): MethodDecorator {
  return applyDecorators(ApiExtraModels(result), envelopeResponse({ $ref: getSchemaPath(result) }));
}

/** `{code: 200, data: "<sentence>", status: 1}`. */
export function EnvelopeMessage(sentence: string): MethodDecorator {
  return envelopeResponse({ type: 'string', example: sentence });
}

/** The result as it is, 200. */
export function RestResult(result: Type, { status = 200 } = {}): MethodDecorator {
  return applyDecorators(HttpCode(status), ApiResponse({ status, type: result, description: 'Success' }));
}

/** 204 and no body. */
export function RestNothing(): MethodDecorator {
  return applyDecorators(HttpCode(204), ApiResponse({ status: 204, description: 'Done' }));
}

/** The refusals that are an operation's own, by example. */
export function Refuses(...examples: DomainError[]): MethodDecorator {
  const refusals = examples.map(({ kind, code, message, fields }): Refusal => ({
    status: httpStatusOf(kind),
    code,
    message,
    fields,
  }));
  return ApiExtension(REFUSALS_EXTENSION, refusals);
}

function envelopeResponse(data: { $ref: string } | { type: 'string'; example: string }): MethodDecorator {
  return ApiResponse({
    status: 200,
    description: 'Success',
    schema: {
      type: 'object',
      required: ['code', 'data', 'status'],
      additionalProperties: false,
      properties: {
        code: { type: 'integer', enum: [200], example: 200 },
        data,
        status: { type: 'integer', enum: [1], example: 1 },
      },
    },
  });
}
