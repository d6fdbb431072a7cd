import { InvalidRequest } from '../errors/request.errors.js';
import type { UserView } from '../users/user.view.js';
import type { CodePurpose } from '../tokens/code-text.js';
import { codeMessage, wordsOf, type ChosenWords } from './code-mails.js';

const user = { directoryId: 7, userId: 1, email: 'joe@example.com', emailAsGiven: 'Joe@example.com' } as UserView;
const textOf = (purpose: CodePurpose, text: string | undefined, shown: string) =>
  codeMessage(purpose, user, wordsOf(purpose, { text }), shown).text;
const fieldsOf = (purpose: CodePurpose, words: ChosenWords): string[] => {
  try {
    wordsOf(purpose, words);
    return [];
  } catch (error) {
    return (error as InvalidRequest).fields.map(({ field }) => field);
  }
};

it('puts the code in every place that is meant for it, and interprets nothing else', () => {
  expect(textOf('password_reset', '$code, $code! $codes $micro_verification_link $& $$ $1 ${code}', 'X$&$1Y')).toBe(
    'X$&$1Y, X$&$1Y! X$&$1Ys $micro_verification_link $& $$ $1 ${code}',
  );
  expect(textOf('magic_link', '$code: $micro_verification_link', 'L')).toBe('$code: L');
});

it.each(['password_reset', 'magic_link', 'email_verification'] as const)('has words of its own for %s', (purpose) => {
  const message = codeMessage(purpose, user, wordsOf(purpose, {}), 'SHOWN');
  expect(message).toMatchObject({ user, recipient: 'Joe@example.com', category: 'security' });
  expect(message.subject).not.toBe('');
  expect(message.text).toContain('SHOWN');
  expect(message.text).not.toContain('$');
});

it.each([
  ['password_reset', 'Your code: $Code'],
  ['password_reset', '$micro_verification_link'],
  ['magic_link', '$code'],
  ['email_verification', '$micro_verification_lin'],
] as const)('checklist 19: %s: the text %j lacks its placeholder', (purpose, text) => {
  expect(fieldsOf(purpose, { text })).toEqual(['text_content']);
});

it.each([
  'Joe\r\nBcc: eve@evil.example',
  'Joe\nX',
  'Joe\u2028X',
  'a, b',
  'a; b',
  'Joe <eve@evil.example>',
  'eve@evil.example',
  '"Joe"',
  'undisclosed: x',
  'a\\b',
  'a\u202eb',
  '=?utf-8?q?Joe_=3Ceve=40evil=2Eexample=3E?=',
  'a =?B?',
])('checklist 18: the name %j is none', (fromName) => {
  expect(fieldsOf('magic_link', { fromName })).toContain('from_name');
});

it('has the usual sender where the name is nothing but spaces', () => {
  for (const fromName of [undefined, ' ', ' \u00a0\t\u3000']) {
    expect(wordsOf('magic_link', { fromName }).fromName).toBeUndefined();
  }
  expect(wordsOf('magic_link', { fromName: ' Joe ' }).fromName).toBe('Joe');
});

it('checklist 18: a subject is one line; commas are its own affair', () => {
  for (const lineBreak of ['\r', '\n', '\r\n', '\u0085', '\u2028', '\u2029']) {
    expect(fieldsOf('magic_link', { subject: `a${lineBreak}b` })).toEqual(['subject']);
  }
  expect(fieldsOf('magic_link', { subject: '=?utf-8?b?QQ==?=' })).toEqual(['subject']);
  expect(fieldsOf('magic_link', { subject: 'Hello, Joe: <3 "quoted" @home' })).toEqual([]);
  expect(fieldsOf('magic_link', { fromName: "Zoë O'Neil & Söhne (Support) 👋🏽" })).toEqual([]);
});
