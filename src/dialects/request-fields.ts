import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min, ValidateBy, ValidateIf } from 'class-validator';

/** Decorators for the fields of requests. */

/** May be left out. Null is not "left out": it is refused like any other wrong type. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** A whole number, as a number of JSON that is written with digits only. */
export function WholeNumber({ min, max }: { min: number; max: number }): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: 'integer', format: 'int64', minimum: min, maximum: max }),
    IsInt(),
    Min(min),
    Max(max),
  );
}

/** An amount of credits: at least one, and as many as a double can count. */
export function Credits(): PropertyDecorator {
  return WholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER });
}

/** A line of `min` to `max` characters: no control characters, line breaks included, and no half surrogate pairs. */
export function Text({ min = 0, max }: { min?: number; max: number }): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...(min > 0 ? { minLength: min } : {}), maxLength: max }),
    ValidateBy({
      name: 'text',
      validator: {
        validate: (value: unknown) => textProblem(value, min, max) === undefined,
        defaultMessage: (args) => `${args!.property} ${textProblem(args!.value, min, max)}`,
      },
    }),
  );
}

/** Text of several lines: no control characters but line breaks and tabs. */
export function Lines({ max }: { max: number }): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ maxLength: max }),
    ValidateBy({
      name: 'lines',
      validator: {
        validate: (value: unknown) => linesProblem(value, max) === undefined,
        defaultMessage: (args) => `${args!.property} ${linesProblem(args!.value, max)}`,
      },
    }),
  );
}

/**
 * A password as somebody types it: bounded in size, otherwise free, NUL included. Whether it is good enough is for the
 * service to say.
 */
export function PasswordText(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ format: 'password', maxLength: PASSWORD_TEXT_LENGTH_MAX }),
    ValidateBy({
      name: 'passwordText',
      validator: {
        validate: (value: unknown) => passwordProblem(value) === undefined,
        defaultMessage: (args) => `${args!.property} ${passwordProblem(args!.value)}`,
      },
    }),
  );
}

/** In UTF-16 units, before composition: room for 256 characters of any script. */
const PASSWORD_TEXT_LENGTH_MAX = 1024;

function textProblem(value: unknown, min: number, max: number): string | undefined {
  if (value === undefined) {
    return 'is missing';
  }
  if (typeof value !== 'string') {
    return 'must be a string';
  }
  if (value.length > max) {
    return `must not be longer than ${max} characters`;
  }
  if (value.trim().length < min) {
    return min === 1 ? 'must not be empty' : `must have at least ${min} characters`;
  }
  if (/\p{Cc}/u.test(value) || !value.isWellFormed()) {
    return 'must not contain control characters or unpaired surrogates';
  }
  return undefined;
}

function linesProblem(value: unknown, max: number): string | undefined {
  return textProblem(typeof value === 'string' ? value.replace(/[\r\n\t]/g, ' ') : value, 0, max);
}

function passwordProblem(value: unknown): string | undefined {
  if (value === undefined) {
    return 'is missing';
  }
  if (typeof value !== 'string') {
    return 'must be a string';
  }
  if (value.length > PASSWORD_TEXT_LENGTH_MAX) {
    return 'must not be longer than 256 characters';
  }
  if (!value.isWellFormed()) {
    return 'must not contain unpaired surrogates';
  }
  return undefined;
}
