import type { FieldProblem } from '../errors/domain-error.js';

const LINE_BREAK = /[\r\n\u0085\u2028\u2029]/;
/** The beginning of an encoded word (RFC 2047, section 2), which mail programs show as something else than it is. */
const ENCODED_WORD = '=?';

/** What is wrong with texts that are to stand in the headers of a mail, by the names of their fields. */
export function headerProblems(texts: Record<string, string | undefined>): FieldProblem[] {
  return Object.entries(texts).flatMap(([field, text = '']) => [
    ...(LINE_BREAK.test(text) ? [{ field, message: `${field} must be one line` }] : []),
    ...(text.includes(ENCODED_WORD) ? [{ field, message: `${field} must not contain ${ENCODED_WORD}` }] : []),
  ]);
}
