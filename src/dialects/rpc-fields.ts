import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min, ValidateBy } from 'class-validator';

/** Decorators for fields of requests that only the rpc dialect has. */

/** A whole number, as a number or, as 64-bit integers are written, as a decimal string; 0 is "not given". */
export function RpcInteger({ min, max }: { min: number; max: number }): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: 'integer', format: 'int64', minimum: min, maximum: max }),
    Transform(({ value }: { value: unknown }) => {
      if (typeof value !== 'string' || !/^\d{1,16}$/.test(value)) {
        return value;
      }
      return Number(value) || undefined;
    }),
    IsInt({ message: ({ property }) => `${property} must be a whole number` }),
    Min(min),
    Max(max),
  );
}

const TEXT_MAP_LENGTH_MAX = 16_384;

/** A `map<string,string>`. */
export function TextMap(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }),
    Transform(({ obj, key }: { obj: Record<string, unknown>; key: string }): unknown =>
      obj[key] instanceof Map ? Object.fromEntries(obj[key] as Map<string, unknown>) : obj[key],
    ),
    ValidateBy({
      name: 'textMap',
      validator: {
        validate: (value: unknown) => textMapProblem(value) === undefined,
        defaultMessage: (args) => `${args!.property} ${textMapProblem(args!.value)}`,
      },
    }),
  );
}

function textMapProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'must be an object';
  }
  if (JSON.stringify(value).length > TEXT_MAP_LENGTH_MAX) {
    return `must not be longer than ${TEXT_MAP_LENGTH_MAX} characters`;
  }
  const texts = Object.entries(value).flat() as unknown[];
  if (texts.some((text) => typeof text !== 'string')) {
    return 'must have strings as values';
  }
  if (texts.some((text) => (text as string).includes('\0') || !(text as string).isWellFormed())) {
    return 'must not contain NUL or unpaired surrogates';
  }
  return undefined;
}
