import {
  Body,
  Query,
  ValidationPipe,
  createParamDecorator,
  type ArgumentMetadata,
  type ExecutionContext,
  type ValidationError,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import type { FieldProblem } from '../errors/domain-error.js';
import { InvalidRequest, MalformedBody } from '../errors/request.errors.js';
import { NoFieldsRequest } from './no-fields.request.js';
import { RpcRequest, givenFields } from './rpc.request.js';

/** Enough to see what is wrong; a body of nothing but unknown fields is not answered with as many sentences. */
const PROBLEMS_MAX = 20;

const OPTIONS: ValidationPipeOptions = {
  // Else Nest loads all of both packages.
  validatorPackage: { validate },
  transformerPackage: { classToPlain: instanceToPlain, plainToInstance },
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  stopAtFirstError: true,
  validationError: { target: false, value: false },
  exceptionFactory: (errors) =>
    new InvalidRequest(errors.flatMap((error) => fieldProblems(error)).slice(0, PROBLEMS_MAX)),
};

/**
 * Turns a body or query into its request class and refuses what does not fit, unknown fields included; those of rpc are
 * ignored. No body is an empty one.
 */
class RequestPipe extends ValidationPipe {
  /** A field that turns out as "not given" leaves the default of its class in place. */
  private readonly rpc = new ValidationPipe({
    ...OPTIONS,
    forbidNonWhitelisted: false,
    transformOptions: { exposeUnsetFields: false },
  });

  constructor() {
    super(OPTIONS);
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const isRpc = metadata.metatype?.prototype instanceof RpcRequest;
    const fields = value === undefined || (isRpc && isEmptyArray(value)) ? {} : value;
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
      throw new MalformedBody('The body must be a JSON object.');
    }
    if (isRpc) {
      return this.rpc.transform(givenFields(fields), metadata);
    }
    const names = Object.keys(fields);
    if (names.length === 0 && metadata.metatype === NoFieldsRequest) {
      return fields;
    }
    // class-transformer drops these without a word.
    const inherited = names.filter((name) => name in Object.prototype);
    if (inherited.length > 0) {
      throw unknownFields(inherited);
    }
    return super.transform(fields, metadata);
  }
}

// A pipe for all parameters would make promises for those that are made here, too.
const pipe = new RequestPipe();

/** The fields of the body, as the class of the parameter has them. */
export const RequestBody = (): ParameterDecorator => Body(pipe);

/** The fields of the query, as the class of the parameter has them. */
export const RequestQuery = (): ParameterDecorator => Query(pipe);

/** Refuses any field in the query. */
export const NoQuery = createParamDecorator((_: unknown, context: ExecutionContext): void => {
  const names = Object.keys(context.getArgByIndex<FastifyRequest>(0).query ?? {});
  if (names.length > 0) {
    throw unknownFields(names);
  }
});

/** How PHP writes down an object without fields. */
function isEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function unknownFields(names: string[]): InvalidRequest {
  return new InvalidRequest(names.slice(0, PROBLEMS_MAX).map((field) => ({ field, message: unknownField(field) })));
}

function unknownField(field: string): string {
  return `${field} is not a field of this request`;
}

function fieldProblems(error: ValidationError, parent = ''): FieldProblem[] {
  const field = parent ? `${parent}.${error.property}` : error.property;
  const own = Object.entries(error.constraints ?? {}).map(([constraint, message]) => ({
    field,
    message: constraint === 'whitelistValidation' ? unknownField(field) : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldProblems(child, field))];
}
