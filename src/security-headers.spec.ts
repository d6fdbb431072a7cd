import type { Configuration } from './config/configuration.js';
import { readEnvironment } from './config/environment.js';
import { securityHeaders } from './security-headers.js';

const headersBehind = (publicUrl: string) => securityHeaders({ ...readEnvironment({}), publicUrl } as Configuration);

/** The headers that OWASP's REST security cheat sheet asks for, and what keeps other origins from reading answers. */
const ALWAYS = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
};

it('let a browser run and show nothing of an answer', () => {
  expect(headersBehind('http://tollgate.example')).toEqual(ALWAYS);
});

it('keep browsers on https where that is the way here', () => {
  expect(headersBehind('https://tollgate.example')).toEqual({
    ...ALWAYS,
    'strict-transport-security': 'max-age=31536000',
    'cross-origin-opener-policy': 'same-origin',
    'origin-agent-cluster': '?1',
  });
});
