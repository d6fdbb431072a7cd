import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { Optional, Text } from './request-fields.js';

const PAGE_LIMIT_MAX = 1000;
const PAGE_LIMIT_DEFAULT = 100;

/** A whole number in a query string. */
export function QueryInteger({ min, max }: { min: number; max: number }): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: 'integer', format: 'int64', minimum: min, maximum: max }),
    Transform(({ value }) =>
      typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : (value as unknown),
    ),
    IsInt(),
    Min(min),
    Max(max),
  );
}

/** Which part of a list is wanted. */
export class PageRequest {
  /** The `next_cursor` of the answer before; absent for the beginning. */
  @Optional()
  @Text({ max: 200 })
  cursor?: string;

  /** How many items at most. */
  @Optional()
  @QueryInteger({ min: 1, max: PAGE_LIMIT_MAX })
  limit: number = PAGE_LIMIT_DEFAULT;
}
