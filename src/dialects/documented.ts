import { HttpCode, applyDecorators, type Type } from '@nestjs/common';
import { ApiExtension, ApiExtraModels, ApiResponse, getSchemaPath, type ApiResponseOptions } from '@nestjs/swagger';
import type { DomainError } from '../errors/domain-error.js';
import { httpStatusOf } from '../errors/http-status.js';
import type { Refusal } from './dialect.js';
import { failureHeaders } from './failure-headers.js';

/** Decorators that say what an operation answers. What every operation may answer is added when the document is made. */

/** A refusal as the document shows it: by example, with the headers that come with it. */
export interface DocumentedRefusal extends Refusal {
  headers: Record<string, string>;
}

/** Carries the refusals of an operation into the OpenAPI document, where they are rendered in its dialect. */
export const REFUSALS_EXTENSION = 'x-refusals';
/** Tells the OpenAPI document that an operation answers while the database cannot be reached. */
export const WITHOUT_DATABASE_EXTENSION = 'x-without-database';

type Headers = NonNullable<ApiResponseOptions['headers']>;

/** `{code: 200, data: <Result>, status: 1}`. */
export function EnvelopeResult(result: Type, { headers }: { headers?: Headers } = {}): MethodDecorator {
  return applyDecorators(ApiExtraModels(result), envelopeResponse({ $ref: getSchemaPath(result) }, headers));
}

/** `{code: 200, data: "<sentence>", status: 1}`. */
export function EnvelopeMessage(sentence: string): MethodDecorator {
  return envelopeResponse({ type: 'string', example: sentence });
}

/**
 * The result as it is, 200.
 *
 * @param options.example where the examples of the result's fields do not say it
 */
export function RestResult<Result>(
  result: Type<Result>,
  { status = 200, example }: { status?: number; example?: Result } = {},
): MethodDecorator {
  const response = { status, type: result, description: 'Success' };
  return applyDecorators(HttpCode(status), ApiResponse(example ? { ...response, example } : response));
}

/** The result as it is, 200. */
export function RpcResult(result: Type): MethodDecorator {
  return ApiResponse({ status: 200, type: result, description: 'Success' });
}

/** 200 and `{}`. */
export function RpcNothing(): MethodDecorator {
  const schema = { type: 'object', additionalProperties: false, example: {} };
  return ApiResponse({ status: 200, description: 'Done', schema });
}

/** 204 and no body. */
export function RestNothing({ headers }: { headers?: Headers } = {}): MethodDecorator {
  return applyDecorators(HttpCode(204), ApiResponse({ status: 204, description: 'Done', headers }));
}

/** The refusals that are an operation's own, by example. */
export function Refuses(...examples: DomainError[]): MethodDecorator {
  return ApiExtension(REFUSALS_EXTENSION, examples.map(documentedRefusal));
}

/** Does its work without the database, so its absence is not among the refusals. */
export function WithoutDatabase(): MethodDecorator {
  return ApiExtension(WITHOUT_DATABASE_EXTENSION, true);
}

export function documentedRefusal(error: DomainError): DocumentedRefusal {
  const { kind, code, message, fields } = error;
  return { status: httpStatusOf(kind), code, message, fields, headers: failureHeaders(error) };
}

function envelopeResponse(
  data: { $ref: string } | { type: 'string'; example: string },
  headers?: Headers,
): MethodDecorator {
  return ApiResponse({
    status: 200,
    description: 'Success',
    headers,
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
