import { STATUS_CODES } from 'node:http';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AccessDenied, AmbiguousCredentials, CrossOriginRequest, NotAuthenticated } from '../auth/auth.errors.js';
import { dialectOf, type Dialect, type Refusal } from '../dialects/dialect.js';
import { REFUSALS_EXTENSION } from '../dialects/documented.js';
import type { DomainError } from '../errors/domain-error.js';
import { httpStatusOf } from '../errors/http-status.js';
import {
  BodyTooLarge,
  DatabaseUnavailable,
  InternalError,
  InvalidRequest,
  MalformedBody,
  UnsupportedMediaType,
} from '../errors/request.errors.js';
import { POLICY_EXTENSION, type RoutePolicy } from '../route-policy/route-policy.js';
import { FAILURE_SCHEMAS } from './failure-schemas.js';
import { sampleOf, type Schema } from './sample.js';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']> & {
  [POLICY_EXTENSION]?: RoutePolicy;
  [REFUSALS_EXTENSION]?: Refusal[];
};
type Components = Record<string, Schema>;

const METHODS = ['get', 'post', 'delete'] as const;
/** These two of the envelope page are printed with a slash at the end, the others without; those of rest all have one. */
const ENVELOPE_PATHS_WITH_SLASH = ['/api/v1/users/api-key/update', '/api/v1/users/credits'];

/**
 * Adds what Nest's generator cannot know: the refusals of every operation in its dialect, its security, examples, and
 * the paths as the pages print them.
 */
export function completeDocument(document: OpenAPIObject): OpenAPIObject {
  const components = (document.components?.schemas ?? {}) as Components;
  for (const [name, schema] of Object.entries(components)) {
    Object.assign(schema, withIntegers(schema), name.endsWith('Request') ? { additionalProperties: false } : {});
  }
  Object.assign(components, FAILURE_SCHEMAS);

  const paths: OpenAPIObject['paths'] = {};
  for (const [path, item] of Object.entries(document.paths).sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const method of METHODS) {
      if (item[method]) {
        completeOperation(item[method], method, dialectOf(`${path}/`), components);
      }
    }
    paths[pathAsPrinted(path)] = item;
  }
  return { ...document, paths };
}

function pathAsPrinted(path: string): string {
  const isRest = path.startsWith('/api/') && !path.startsWith('/api/v1/');
  return isRest || ENVELOPE_PATHS_WITH_SLASH.includes(path) ? `${path}/` : path;
}

function completeOperation(operation: Operation, method: string, dialect: Dialect, components: Components): void {
  const policy = operation[POLICY_EXTENSION] ?? { access: 'public' };
  const refusals = [...commonRefusals(operation, method, policy), ...(operation[REFUSALS_EXTENSION] ?? [])];
  delete operation[POLICY_EXTENSION];
  delete operation[REFUSALS_EXTENSION];

  const [summary, ...description] = (operation.summary ?? '').split('\n\n');
  operation.summary = summary!.replace(/\.$/, '');
  operation.description = [...description, accessSentence(policy)].filter(Boolean).join('\n\n');
  operation.security = policy.access === 'public' ? [] : [{ bearer: [] }, { apiKey: [] }, { session: [] }];

  completeRequest(operation, components);
  completeSuccess(operation, components);
  for (const status of new Set(refusals.map((refusal) => refusal.status))) {
    const ofStatus = refusals.filter((refusal) => refusal.status === status);
    operation.responses[status] = {
      description: STATUS_CODES[status] ?? 'Refused',
      content: {
        [dialect.failureType.split(';', 1)[0]!]: {
          schema: { $ref: `#/components/schemas/${dialect.name === 'envelope' ? 'EnvelopeFailure' : 'Problem'}` },
          examples: Object.fromEntries(
            ofStatus.map((refusal) => [
              refusal.code,
              { summary: refusal.message, value: dialect.failure(refusal) as Record<string, unknown> },
            ]),
          ),
        },
      },
    };
  }
}

function accessSentence({ access, credentials }: RoutePolicy): string {
  const sentences = [
    access === 'public' ? 'Needs no credential.' : '',
    access === 'administrator' ? 'For administrators.' : '',
    credentials ? `Needs a credential of the kind ${credentials.join(' or ')}.` : '',
  ];
  return sentences.filter(Boolean).join(' ');
}

function commonRefusals(operation: Operation, method: string, policy: RoutePolicy): Refusal[] {
  const takesBody = operation.requestBody !== undefined;
  const takesInput = takesBody || (operation.parameters ?? []).length > 0;
  const needsCredential = policy.access !== 'public';
  const isRestricted = policy.credentials !== undefined || ['account', 'administrator'].includes(policy.access);
  const errors: DomainError[] = [
    ...(takesInput ? [new InvalidRequest([{ field: 'color', message: 'color is not a field of this request' }])] : []),
    ...(takesBody ? [new MalformedBody(), new BodyTooLarge(256 * 1024), new UnsupportedMediaType()] : []),
    ...(needsCredential ? [new AmbiguousCredentials(), new NotAuthenticated()] : []),
    ...(needsCredential && method !== 'get' ? [new CrossOriginRequest()] : []),
    ...(isRestricted ? [new AccessDenied()] : []),
    new InternalError(),
    new DatabaseUnavailable(),
  ];
  return errors.map(({ kind, code, message, fields }) => ({ status: httpStatusOf(kind), code, message, fields }));
}

function completeRequest(operation: Operation, components: Components): void {
  const body = operation.requestBody;
  const media = body && 'content' in body ? body.content['application/json'] : undefined;
  if (!body || !('content' in body) || !media) {
    return;
  }
  body.required = ((resolve(media.schema as Schema, components).required as string[] | undefined) ?? []).length > 0;
  media.example = sampleOf(media.schema as Schema, components);
}

function completeSuccess(operation: Operation, components: Components): void {
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!response || !('description' in response) || response.description === '') {
      // The generator's guess, made from the method; the real one stands beside it.
      delete operation.responses[status];
      continue;
    }
    for (const media of Object.values(('content' in response ? response.content : undefined) ?? {})) {
      media.example = sampleOf(media.schema as Schema, components);
    }
  }
}

function resolve(schema: Schema, components: Components): Schema {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  return name === undefined ? schema : (components[name] ?? {});
}

/** Every number of this API is whole. */
function withIntegers(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === 'type' && value === 'number' ? 'integer' : value,
  ) as Schema;
}
