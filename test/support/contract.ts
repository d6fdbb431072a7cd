import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { canonicalUrl } from '../../src/dialects/rpc.dialect.js';
import { FAILURE_SCHEMAS } from '../../src/openapi/failure-schemas.js';

/** The OpenAPI document, as far as tests look at it. */
export interface Document {
  openapi: string;
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, Record<string, string>> };
}
export interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters: { name: string; in: string; required: boolean; schema: Schema }[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, { headers: Record<string, unknown>; content?: Record<string, Media> }>;
}
export interface Media {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
  additionalProperties?: boolean | Schema;
}

export interface Answer {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  body: unknown;
}

export const document = JSON.parse(
  readFileSync(new URL('../../dist/openapi.json', import.meta.url), 'utf8'),
) as Document;

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (target: Ajv2020) => void)(ajv);
/** Failures of every dialect: the document has those of dialects that it has operations of. */
const components = { ...document.components, schemas: { ...FAILURE_SCHEMAS, ...document.components.schemas } };
const validators = new Map<string, ValidateFunction>();

/** Headers that a caller acts upon: none of them may come as a surprise. */
const MEANINGFUL_HEADERS = [
  'Retry-After',
  'Set-Cookie',
  'WWW-Authenticate',
  'X-Credits-Cost',
  'X-Credits-Remaining',
  'X-Request-Id',
];

/**
 * Throws when an answer is not what the OpenAPI document says: status, headers, content type and body, extra fields
 * included; and when anybody on the way may store it.
 */
export function checkAnswer(answer: Answer): void {
  const operation = operationOf(answer);
  const where = `${answer.method} ${answer.path} answered ${answer.status}`;
  const cacheControl = answer.headers.get('cache-control');
  if (cacheControl !== 'no-store') {
    throw new Error(`${where} with Cache-Control: ${cacheControl}, but no answer may be stored`);
  }
  if (!operation) {
    if (answer.status < 400) {
      throw new Error(`${where}, but the document has no such operation`);
    }
    return validate(where, { $ref: failureSchemaOf(answer.path) }, answer.body);
  }
  const response = operation.responses[answer.status];
  if (!response) {
    throw new Error(
      `${where}, which the document does not name for ${operation.operationId}: ${JSON.stringify(answer.body)}`,
    );
  }
  const surprise = MEANINGFUL_HEADERS.find((name) => answer.headers.has(name) && !(name in response.headers));
  if (surprise) {
    throw new Error(`${where} with ${surprise}, which the document does not name for ${operation.operationId}`);
  }
  const mediaType = answer.headers.get('content-type')?.split(';', 1)[0] ?? '';
  if (!response.content) {
    if (answer.body !== undefined) {
      throw new Error(`${where} with a body, but the document says there is none`);
    }
    return;
  }
  const media = response.content[mediaType];
  if (!media) {
    throw new Error(`${where} with ${mediaType}, but the document has ${Object.keys(response.content).join(', ')}`);
  }
  validate(where, media.schema, answer.body);
}

function operationOf({ method, path }: Pick<Answer, 'method' | 'path'>): Operation | undefined {
  const segments = segmentsOf(canonicalUrl(path));
  for (const [template, item] of Object.entries(document.paths)) {
    const expected = segmentsOf(template);
    if (
      expected.length === segments.length &&
      expected.every((segment, i) => segment.startsWith('{') || segment === segments[i])
    ) {
      return item[method.toLowerCase()];
    }
  }
  return undefined;
}

function segmentsOf(path: string): string[] {
  return path.split('?', 1)[0]!.split('/').filter(Boolean);
}

function failureSchemaOf(path: string): string {
  const name = path.startsWith('/api/v1/') ? 'EnvelopeFailure' : path.startsWith('/v1/') ? 'RpcFailure' : 'Problem';
  return `#/components/schemas/${name}`;
}

/** Throws when a value does not fit a schema of the document; fields that the schema does not name are not welcome. */
export function validate(where: string, schema: unknown, body: unknown): void {
  const key = JSON.stringify(schema);
  let validator = validators.get(key);
  if (!validator) {
    validator = ajv.compile(closed({ ...(schema as object), components }) as object);
    validators.set(key, validator);
  }
  if (!validator(body)) {
    throw new Error(`${where} against the document: ${ajv.errorsText(validator.errors)} in ${JSON.stringify(body)}`);
  }
}

/** Every object of a schema without room for undocumented fields. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) {
    return schema.map(closed);
  }
  if (typeof schema !== 'object' || schema === null) {
    return schema;
  }
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in copy && copy.type === 'object' ? { additionalProperties: false, ...copy } : copy;
}
