import { isDeepStrictEqual } from 'node:util';
import { InvalidRequest } from '../errors/request.errors.js';

/**
 * What every request of the rpc dialect extends. Its fields are named in snake_case and are read in lowerCamelCase, too;
 * fields that it does not have are ignored.
 */
export abstract class RpcRequest {}

/**
 * The fields of a body that are given, by their names in snake_case; an object becomes a Map. Published clients send a field that nobody has set
 * as null, an empty string, 0, `{}` or, in PHP, `[]`.
 *
 * @throws InvalidRequest when both spellings of a field are given, and differ
 */
export function givenFields(body: object): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [spelling, sent] of Object.entries(body)) {
    const name = inSnakeCase(spelling);
    if (isNotGiven(sent) || name in Object.prototype) {
      continue;
    }
    const value = asMap(sent);
    if (Object.hasOwn(given, name) && !isDeepStrictEqual(given[name], value)) {
      throw new InvalidRequest([{ field: name, message: `${name} is given twice, and not alike` }]);
    }
    given[name] = value;
  }
  return given;
}

export function inSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function inCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** An object with keys that others choose: as one, Nest and class-transformer would drop `constructor` and its like. */
function asMap(value: unknown): unknown {
  return typeof value === 'object' && !Array.isArray(value) ? new Map(Object.entries(value as object)) : value;
}

function isNotGiven(value: unknown): boolean {
  return (
    value === null || value === '' || value === 0 || (typeof value === 'object' && Object.keys(value).length === 0)
  );
}
