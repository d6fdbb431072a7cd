import { STATUS_CODES } from 'node:http';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AccessDenied, AmbiguousCredentials, CrossOriginRequest } from '../auth/auth.errors.js';
import { TooManyWaiting } from '../batching/batching.errors.js';
import { OutOfCredits } from '../credits/credits.errors.js';
import { BODY_LIMIT_BYTES } from '../dialects/json-body.js';
import { dialectOf, refusalIn, type Dialect } from '../dialects/dialect.js';
import {
  REFUSALS_EXTENSION,
  WITHOUT_DATABASE_EXTENSION,
  documentedRefusal,
  type DocumentedRefusal,
} from '../dialects/documented.js';
import { IDEMPOTENCY_KEY_HEADER } from '../dialects/request-identity.js';
import { inCamelCase, inSnakeCase } from '../dialects/rpc.request.js';
import type { FieldProblem } from '../errors/domain-error.js';
import {
  BodyTooLarge,
  DatabaseUnavailable,
  IdempotencyKeyInUse,
  IdempotencyKeyReused,
  InternalError,
  InvalidCursor,
  InvalidIdempotencyKey,
  InvalidRequest,
  MalformedBody,
  NotAuthenticated,
  UnsupportedMediaType,
} from '../errors/request.errors.js';
import { PRICE_EXTENSION } from '../route-policy/price-policy.js';
import { POLICY_EXTENSION, type RoutePolicy } from '../route-policy/route-policy.js';
import { ANSWER_HEADERS, FAILURE_SCHEMAS, failureSchemaName } from './failure-schemas.js';
import { nameOf, sampleOf, type Schema } from './sample.js';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']> & {
  [POLICY_EXTENSION]?: RoutePolicy;
  [REFUSALS_EXTENSION]?: DocumentedRefusal[];
  [WITHOUT_DATABASE_EXTENSION]?: boolean;
  [PRICE_EXTENSION]?: number;
};
type Components = Record<string, Schema>;
type Header = keyof typeof ANSWER_HEADERS;

const METHODS = ['get', 'post', 'delete'] as const;
/** A call that is refused for one of these was not charged, and says nothing of credits. */
const REFUSALS_BEFORE_CHARGE: string[] = [
  new AccessDenied(),
  new AmbiguousCredentials(),
  new BodyTooLarge(BODY_LIMIT_BYTES),
  new CrossOriginRequest(),
  new MalformedBody(),
  new UnsupportedMediaType(),
].map(({ code }) => code);
/** These two of the envelope page are printed with a slash at the end, the others without; those of rest all have one. */
const ENVELOPE_PATHS_WITH_SLASH = ['/api/v1/users/api-key/update', '/api/v1/users/credits'];

/**
 * Adds what Nest's generator cannot know: the refusals of every operation in its dialect, its security, examples,
 * headers, and the paths as the pages print them.
 */
export function completeDocument(document: OpenAPIObject): OpenAPIObject {
  const schemas = (document.components?.schemas ?? {}) as Components;
  for (const [name, schema] of Object.entries(schemas)) {
    Object.assign(schema, withFormats(withIntegers(schema), name.endsWith('Request')));
    if (name.endsWith('RpcRequest')) {
      Object.assign(schema, { properties: withSpellings(schema), required: withoutDefaults(schema) });
    } else if (name.endsWith('Request')) {
      Object.assign(schema, { additionalProperties: false, required: withoutDefaults(schema) });
    }
  }
  Object.assign(schemas, FAILURE_SCHEMAS);

  const paths: OpenAPIObject['paths'] = {};
  for (const [path, item] of Object.entries(document.paths).sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const method of METHODS) {
      if (item[method]) {
        completeOperation(item[method], method, dialectOf(`${path}/`), schemas);
      }
    }
    paths[pathAsPrinted(path)] = item;
  }
  return {
    ...document,
    info: { ...document.info, contact: undefined },
    paths,
    components: { ...document.components, schemas: usedBy(paths, schemas), headers: headersUsedBy(paths) },
  };
}

function pathAsPrinted(path: string): string {
  const isRest = path.startsWith('/api/') && !path.startsWith('/api/v1/');
  return isRest || ENVELOPE_PATHS_WITH_SLASH.includes(path) ? `${path}/` : path;
}

function completeOperation(operation: Operation, method: string, dialect: Dialect, schemas: Components): void {
  const policy = operation[POLICY_EXTENSION] ?? { access: 'public' };
  const refusals = [
    ...commonRefusals(operation, method, policy, dialect),
    ...(operation[REFUSALS_EXTENSION] ?? []),
  ].map((refusal) => refusalIn(dialect, refusal));
  delete operation[POLICY_EXTENSION];
  delete operation[REFUSALS_EXTENSION];
  delete operation[WITHOUT_DATABASE_EXTENSION];

  const { title, rest } = titleAndRest(operation.summary ?? '');
  operation.summary = title;
  operation.description = [rest, accessSentence(policy), priceSentence(operation[PRICE_EXTENSION])]
    .filter(Boolean)
    .join('\n\n');
  operation.security = policy.access === 'public' ? [] : [{ bearer: [] }, { apiKey: [] }, { session: [] }];

  completeParameters(operation);
  completeRequest(operation, schemas);
  completeSuccess(operation, schemas);
  for (const status of new Set(refusals.map((refusal) => refusal.status))) {
    // What an operation says of a status itself stands: a page, say, where others answer JSON.
    operation.responses[status] ??= failureResponse(
      status,
      refusals.filter((refusal) => refusal.status === status),
      dialect,
    );
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    if (response && 'description' in response) {
      const reasons = refusals.filter((refusal) => refusal.status === Number(status)).map(({ code }) => code);
      const isCharged = reasons.length === 0 || !reasons.every((code) => REFUSALS_BEFORE_CHARGE.includes(code));
      const priceHeaders: Header[] =
        operation[PRICE_EXTENSION] !== undefined && isCharged ? ['X-Credits-Cost', 'X-Credits-Remaining'] : [];
      response.headers = { ...response.headers, ...headerReferences([...priceHeaders, 'X-Request-Id']) };
    }
  }
}

/** The first sentence of a doc comment, up to its full stop or colon, and what follows. */
function titleAndRest(comment: string): { title: string; rest: string } {
  const [, title, mark, rest = ''] = /^(.+?)([.:?])(?:\s+(.*))?$/s.exec(comment) ?? ['', comment, ''];
  return { title: mark === '?' ? `${title}?` : title, rest: `${rest.charAt(0).toUpperCase()}${rest.slice(1)}` };
}

function accessSentence({ access, credentials }: RoutePolicy): string {
  const sentences = [
    access === 'public' ? 'Needs no credential.' : '',
    access === 'administrator' ? 'For administrators.' : '',
    access === 'account' ? 'Not for managed users.' : '',
    credentials ? `Needs a credential of the kind ${credentials.join(' or ')}.` : '',
  ];
  return sentences.filter(Boolean).join(' ');
}

function priceSentence(price: number | undefined): string {
  return price === undefined ? '' : `Costs ${price} ${price === 1 ? 'credit' : 'credits'}; nothing when it fails.`;
}

function commonRefusals(
  operation: Operation,
  method: string,
  policy: RoutePolicy,
  dialect: Dialect,
): DocumentedRefusal[] {
  const parameters = (operation.parameters ?? []).filter((parameter) => 'in' in parameter);
  const queries = parameters.filter((parameter) => parameter.in === 'query');
  const takesFields = operation.requestBody !== undefined || queries.length > 0;
  // A body is read, and can be wrong, even where it is of no use.
  const readsBody = method !== 'get';
  const takesKey = parameters.some(({ name }) => name === IDEMPOTENCY_KEY_HEADER);
  const price = operation[PRICE_EXTENSION];
  const needsCredential = policy.access !== 'public';
  const isRestricted = policy.credentials !== undefined || ['account', 'administrator'].includes(policy.access);
  return [
    ...(takesFields ? [new InvalidRequest([invalidField(dialect)])] : []),
    ...(queries.some(({ name }) => name === 'cursor') ? [new InvalidCursor()] : []),
    ...(readsBody ? [new MalformedBody(), new BodyTooLarge(BODY_LIMIT_BYTES), new UnsupportedMediaType()] : []),
    ...(needsCredential ? [new AmbiguousCredentials(), new NotAuthenticated()] : []),
    ...(needsCredential && method !== 'get' ? [new CrossOriginRequest()] : []),
    ...(isRestricted ? [new AccessDenied()] : []),
    ...(takesKey ? [new InvalidIdempotencyKey(), new IdempotencyKeyInUse(), new IdempotencyKeyReused()] : []),
    ...(price === undefined ? [] : [new OutOfCredits(price, 0)]),
    ...(takesKey || price !== undefined ? [new TooManyWaiting()] : []),
    new InternalError(),
    ...(operation[WITHOUT_DATABASE_EXTENSION] ? [] : [new DatabaseUnavailable()]),
  ].map(documentedRefusal);
}

/** A field with a default may be left out; the generator takes its property for a required one. */
function withoutDefaults({ required, properties = {} }: Schema): unknown {
  const left = (required as string[] | undefined)?.filter((name) => !('default' in (properties[name] ?? {})));
  return left?.length ? left : undefined;
}

function invalidField({ name }: Dialect): FieldProblem {
  return name === 'rpc'
    ? { field: 'email', message: 'email must be a string' }
    : { field: 'color', message: 'color is not a field of this request' };
}

/** Requests of rpc are read in both spellings. Generated clients need one. */
function withSpellings({ properties = {} }: Schema): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const other = name.includes('_') ? inCamelCase(name) : inSnakeCase(name);
      const description = [property.description, `Also read as \`${other}\`.`].filter(Boolean).join('\n\n');
      return [name, other === name ? property : { ...property, description }];
    }),
  );
}

/** A parameter with a default may be left out; the generator takes its property for a required one. */
function completeParameters(operation: Operation): void {
  for (const parameter of operation.parameters ?? []) {
    if ('in' in parameter && parameter.schema && 'default' in parameter.schema) {
      parameter.required = false;
    }
  }
}

function completeRequest(operation: Operation, schemas: Components): void {
  const body = operation.requestBody;
  const media = body && 'content' in body ? body.content['application/json'] : undefined;
  if (!body || !('content' in body) || !media) {
    return;
  }
  const schema = media.schema as Schema;
  const { required } = (schema.$ref === undefined ? schema : schemas[nameOf(schema.$ref)]) ?? {};
  body.required = Array.isArray(required) && required.length > 0;
  media.example = sampleOf(schema, schemas);
}

function completeSuccess(operation: Operation, schemas: Components): void {
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!response || !('description' in response) || response.description === '') {
      // The generator's guess, made from the method; the real one stands beside it.
      delete operation.responses[status];
      continue;
    }
    for (const media of Object.values(('content' in response ? response.content : undefined) ?? {})) {
      media.example ??= sampleOf(media.schema as Schema, schemas);
    }
  }
}

function failureResponse(
  status: number,
  refusals: DocumentedRefusal[],
  dialect: Dialect,
): Operation['responses'][string] {
  const headers = new Set(refusals.flatMap((refusal) => Object.keys(refusal.headers)));
  return {
    description: STATUS_CODES[status] ?? 'Refused',
    headers: headerReferences([...headers] as Header[]),
    content: {
      [dialect.failureType.split(';', 1)[0]!]: {
        schema: { $ref: `#/components/schemas/${failureSchemaName(dialect)}` },
        examples: Object.fromEntries(
          refusals.map((refusal) => [refusal.code, { summary: refusal.message, value: dialect.failure(refusal) }]),
        ),
      },
    },
  };
}

function headerReferences(names: Header[]): Record<string, { $ref: string }> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function headersUsedBy(paths: OpenAPIObject['paths']): Partial<typeof ANSWER_HEADERS> {
  const text = JSON.stringify(paths);
  return Object.fromEntries(
    Object.entries(ANSWER_HEADERS).filter(([name]) => text.includes(`"#/components/headers/${name}"`)),
  );
}

/** The schemas that the paths refer to, directly or through each other: dialects and lists bring some that nobody uses. */
function usedBy(paths: OpenAPIObject['paths'], schemas: Components): Components {
  const used = new Set<string>();
  const follow = (part: unknown): void => {
    for (const [, name] of JSON.stringify(part ?? {}).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      if (!used.has(name!)) {
        used.add(name!);
        follow(schemas[name!]);
      }
    }
  };
  follow(paths);
  return Object.fromEntries(
    Object.entries(schemas)
      .filter(([name]) => used.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Every number of this API is whole, and may need more than 32 bits, which generators assume unless they are told. */
function withIntegers(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema), (_, value: unknown) =>
    isNumberSchema(value) ? { ...value, type: 'integer', format: 'int64' } : value,
  ) as Schema;
}

function isNumberSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'number';
}

const TIME = { format: 'date-time', pattern: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ };
/** Only of requests: an answer may hold any address that there is, and strict readers of this format know fewer. */
const EMAIL = { format: 'email', pattern: /^[^@\s]+@example\.com$/ };

/** A decorator for it would move its field before the others: the generator puts the decorated ones first. */
function withFormats(schema: Schema, isRequest: boolean): Schema {
  const formats = isRequest ? [TIME, EMAIL] : [TIME];
  for (const property of Object.values(schema.properties ?? {})) {
    const { example } = property;
    if (typeof example === 'string') {
      property.format ??= formats.find(({ pattern }) => pattern.test(example))?.format;
    }
  }
  return schema;
}
