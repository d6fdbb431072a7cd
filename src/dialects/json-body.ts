import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { MalformedBody, UnsupportedMediaType } from '../errors/request.errors.js';

export const BODY_LIMIT_BYTES = 256 * 1024;

/** Every body is JSON in UTF-8, or none at all. What cannot be read is refused with a sentence that quotes nothing of it. */
export function acceptJsonOnly(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const parse = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const charset = /;\s*charset="?([^;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity' || (charset !== undefined && !/^utf-?8$/i.test(charset.trim()))) {
      done(new UnsupportedMediaType());
    } else if (!isUtf8(body)) {
      done(new MalformedBody('The body is not valid UTF-8.'));
    } else if (body.length === 0) {
      done(null, undefined);
    } else if (isNestedTooDeeply(body)) {
      done(new MalformedBody('The body is nested too deeply.'));
    } else {
      const text = body.toString('utf8').replace(/^\uFEFF/, '');
      // The parser calls back before it returns.
      void parse(request, withFractionsAsFractions(text), (error, value) =>
        error ? done(new MalformedBody(jsonProblem(text), { cause: error })) : done(null, value),
      );
    }
  });
  // Some clients name a type for a body that they do not send; PHP's says so in chunks, of which there are none.
  server.addContentTypeParser('*', (_request, payload, done) => {
    const chunk = () => settle(new UnsupportedMediaType());
    const end = () => settle(null);
    const error = (cause: Error) => settle(new MalformedBody('The body was cut off.', { cause }));
    const settle = (refusal: Error | null) => {
      payload.off('data', chunk).off('end', end).off('error', error).resume();
      done(refusal);
    };
    payload.on('data', chunk).on('end', end).on('error', error);
  });
}

const NESTING_MAX = 32;
const [BRACE_OPEN, BRACE_CLOSE, BRACKET_OPEN, BRACKET_CLOSE, QUOTE, BACKSLASH] = Buffer.from('{}[]"\\');

/** Checked on the bytes, because what comes after the parser is recursive. */
function isNestedTooDeeply(body: Buffer): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (isInString) {
      if (byte === BACKSLASH) {
        i++;
      } else if (byte === QUOTE) {
        isInString = false;
      }
    } else if (byte === QUOTE) {
      isInString = true;
    } else if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
      if (++depth > NESTING_MAX) {
        return true;
      }
    } else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) {
      depth--;
    }
  }
  return false;
}

/** A string, which is passed over, or a number. One that does not end is taken to the end, so that nothing is read twice. */
const STRING_OR_NUMBER = /"(?:[^"\\]+|\\.)*"?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/**
 * A number with a point or an exponent is not a whole number, though the parser makes one of 1e3, 1.0 and
 * 0.99999999999999999999: each becomes one that no field for whole numbers takes.
 */
function withFractionsAsFractions(text: string): string {
  return text.replace(STRING_OR_NUMBER, (token) =>
    /^[^"]*[.eE]/.test(token) && Number.isInteger(Number(token)) ? '0.5' : token,
  );
}

/** What is wrong and where, without the piece of the body that the parser quotes: that may be a password. */
function jsonProblem(text: string): string {
  try {
    JSON.parse(text);
    return 'The body must not have a key named __proto__, or constructor with a prototype.';
  } catch (error) {
    const { message } = error as Error;
    const position = /position (\d+)/.exec(message)?.[1];
    const where = position !== undefined ? ` at position ${position}` : '';
    return `The body is not valid JSON${message.startsWith('Unexpected end') ? ': it ends too early' : where}.`;
  }
}
