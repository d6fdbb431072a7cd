import fc from 'fast-check';
import { InvalidRequest } from '../errors/request.errors.js';
import { SecretKeys } from '../secret-keys/secret-keys.js';
import { areUntouched, magicLinks, redirectTarget, verificationLink, type RedirectUrls } from './links.js';

const TOKEN = '3nTqcVWpKbX8fGh2sLr7Ya';
const OLD = 'an old secret key of tests, long enough';
const KEYS = new SecretKeys(['a secret key of tests, long enough', OLD]).all('link');

const fieldOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof InvalidRequest ? error.fields[0]?.field : 'no refusal';
  }
};

describe('a magic link', () => {
  it.each([
    ['www.example.com', 'verify', `https://www.example.com/verify/${TOKEN}`],
    ['WWW.Example.com:8443', '/auth/v1.0/', `https://www.example.com:8443/auth/v1.0/${TOKEN}`],
    ['localhost:3000', 'a', `https://localhost:3000/a/${TOKEN}`],
    ['127.0.0.1', '~me/x_y-z', `https://127.0.0.1/~me/x_y-z/${TOKEN}`],
    ['bücher.example', 'a', `https://xn--bcher-kva.example/a/${TOKEN}`],
  ])('%s and %s', (address, endpoint, link) => {
    expect(magicLinks(address, endpoint)(TOKEN)).toBe(link);
  });

  it.each([
    'https://www.example.com',
    'www.example.com/',
    'www.example.com/path',
    'www.example.com?x',
    'www.example.com#x',
    'joe@example.com',
    'joe:secret@example.com',
    'example.com\\evil.example',
    'example.com:',
    'example.com:99999',
    'example.com:8o',
    'example.com evil.example',
    'example.com%2fevil',
    'example.com\tevil.example',
    'example.com\r\nX: y',
    '//example.com',
    '.example.com',
    '[::1]',
    '999.999.999.999',
    ' ',
  ])('checklist 17: the address %j is none', (address) => {
    expect(fieldOf(() => magicLinks(address, 'verify'))).toBe('address');
  });

  it.each([
    '..',
    '../x',
    'a/../b',
    'a/./b',
    '.',
    'a//b',
    '//evil.example',
    '/',
    'a?b',
    'a#b',
    'a\\b',
    'a%2e%2e',
    'a b',
    'a\nb',
    'a@b',
    'a:b',
    'ä',
    ' ',
  ])('checklist 17: the endpoint %j is none', (endpoint) => {
    expect(fieldOf(() => magicLinks('www.example.com', endpoint))).toBe('endpoint');
  });

  it('leads to the address and below the endpoint, whatever is asked for, or is refused', () => {
    const bits = fc.constantFrom(
      'a',
      'B',
      '9',
      '.',
      '-',
      '/',
      '\\',
      '@',
      ':',
      '?',
      '#',
      '%',
      '%2f',
      '..',
      ' ',
      '\t',
      'é',
      '[',
      '𝒳',
    );
    const text = fc.array(bits, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (address, endpoint) => {
        let link: string;
        try {
          link = magicLinks(address, endpoint)(TOKEN);
        } catch (error) {
          return error instanceof InvalidRequest;
        }
        const url = new URL(link);
        const segments = url.pathname.split('/').slice(1);
        return (
          url.href === link &&
          url.protocol === 'https:' &&
          url.host === new URL(`https://${address}`).host &&
          url.username + url.password + url.search + url.hash === '' &&
          segments.at(-1) === TOKEN &&
          segments.slice(0, -1).join('/') === endpoint.replace(/^\/|\/$/g, '')
        );
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a redirect URL', () => {
  it.each([
    ['https://example.com', 'https://example.com'],
    ['https://example.com?a', 'https://example.com?a'],
    ['HTTP://Example.com:80/a/../b?c=d#e', 'HTTP://Example.com:80/a/../b?c=d#e'],
    ['https://app.example.com/verified?next=%2Fhome&x=a@b', 'https://app.example.com/verified?next=%2Fhome&x=a@b'],
    ['http://localhost:8080/done', 'http://localhost:8080/done'],
    ['https://example.com/a b', 'https://example.com/a%20b'],
    ['https://bücher.example/ä', 'https://xn--bcher-kva.example/%C3%A4'],
  ])('%s is sent as %s', (text, href) => {
    expect(redirectTarget('redirect_url', text)).toBe(href);
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt://example.com/%0aalert(1)',
    'data:text/html,x',
    'ftp://example.com',
    '//evil.example',
    '/relative',
    'example.com',
    'https:evil.example',
    'https:/evil.example',
    'https:///evil.example',
    'https:\\\\evil.example',
    'https://example.com\\@evil.example',
    'https://example.com/\\evil.example',
    'https://joe@example.com',
    'https://joe:secret@example.com',
    'https://@example.com',
    'https://:@example.com',
    'https://example.com\r\nSet-Cookie: a=b',
    'https://exa\tmple.com',
    ' https://example.com',
    'https://',
    'https://?x',
    'https://exa mple.com',
    `https://example.com/${'ä'.repeat(1000)}`,
  ])('checklist 17: %j is none', (text) => {
    expect(fieldOf(() => redirectTarget('redirect_url', text))).toBe('redirect_url');
  });

  it('is refused, or leads where a browser would go, as printable ASCII without a user', () => {
    const bits = fc.constantFrom(
      'https://',
      'http:',
      '/',
      '\\',
      '@',
      ':',
      '?',
      '#',
      '%',
      'a.example',
      'é',
      ' ',
      '\n',
      '..',
      '[',
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        let target: string;
        try {
          target = redirectTarget('redirect_url', text);
        } catch (error) {
          return error instanceof InvalidRequest;
        }
        const url = new URL(target);
        return (
          /^https?:\/\/[!-~]+$/i.test(target) &&
          target === (/^[!-~]+$/.test(text) ? text : url.href) &&
          url.href === new URL(text).href &&
          url.username + url.password === ''
        );
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a verification link', () => {
  const urls = { redirectUrl: 'https://example.com/ok?a=b&c=d', failureRedirectUrl: 'https://example.com/failed' };
  const linkOf = (given: RedirectUrls, key = KEYS[0]) =>
    new URL(verificationLink('https://tollgate.example/below', TOKEN, given, key));
  const sigOf = (given: RedirectUrls, key = KEYS[0]) => linkOf(given, key).searchParams.get('sig')!;

  it('is ours, and carries what it needs', () => {
    const link = linkOf(urls);
    expect(link.origin + link.pathname).toBe('https://tollgate.example/below/v1/user/VerifyEmail');
    expect(Object.fromEntries(link.searchParams)).toEqual({ token: TOKEN, ...urls, sig: expect.any(String) });
    expect(link.href).toMatch(/^[!-~]+$/);
  });

  it('knows its URLs again, signed with any of the keys, and no others', () => {
    for (const key of KEYS) {
      expect(areUntouched(urls, sigOf(urls, key), KEYS)).toBe(true);
    }
    expect(areUntouched({}, sigOf({}), KEYS)).toBe(true);

    const touched: [RedirectUrls, string][] = [
      [{ ...urls, redirectUrl: 'https://evil.example/' }, sigOf(urls)],
      [{ ...urls, failureRedirectUrl: 'https://evil.example/' }, sigOf(urls)],
      [{ redirectUrl: urls.failureRedirectUrl, failureRedirectUrl: urls.redirectUrl }, sigOf(urls)],
      [{ redirectUrl: urls.redirectUrl }, sigOf(urls)],
      [{}, sigOf(urls)],
      [urls, sigOf({})],
      [urls, ''],
      [urls, 'ä'.repeat(sigOf(urls).length)],
      [urls, sigOf(urls, new SecretKeys(['a key of somebody else, long enough']).current('link'))],
      [urls, sigOf(urls, new SecretKeys([OLD]).current('code'))],
    ];
    for (const [given, sig] of touched) {
      expect([given, sig, areUntouched(given, sig, KEYS)]).toEqual([given, sig, false]);
    }
  });
});
