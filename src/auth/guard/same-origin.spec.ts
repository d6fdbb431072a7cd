import { isSameOrigin } from './same-origin.js';

const PUBLIC_URL = 'https://tollgate.example/base';

it.each([
  ['Sec-Fetch-Site says so', { 'sec-fetch-site': 'same-origin' }],
  ['Sec-Fetch-Site says so, whatever Origin says', { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }],
  ['Origin is the public one', { origin: 'https://tollgate.example' }],
  ['Origin is the host that was asked', { origin: 'http://localhost:3000', host: 'localhost:3000' }],
])('checklist 26: is the same when %s', (_, headers) => {
  expect(isSameOrigin(headers, PUBLIC_URL)).toBe(true);
});

it.each([
  ['nothing is said', {}],
  ['only the host is known', { host: 'tollgate.example' }],
  ['it is another site', { 'sec-fetch-site': 'cross-site', origin: 'https://tollgate.example' }],
  ['it is another host of the site', { 'sec-fetch-site': 'same-site', origin: 'https://tollgate.example' }],
  ['a person typed the URL', { 'sec-fetch-site': 'none' }],
  ['Sec-Fetch-Site is empty', { 'sec-fetch-site': '', origin: 'https://tollgate.example' }],
  ['Sec-Fetch-Site is in other case', { 'sec-fetch-site': 'Same-Origin' }],
  ['Origin is another', { origin: 'https://evil.example', host: 'tollgate.example' }],
  ['Origin is null', { origin: 'null', host: 'null' }],
  ['Origin is empty', { origin: '', host: '' }],
  ['Origin is no URL', { origin: 'tollgate.example', host: 'tollgate.example' }],
  ['Origin is the public one by http', { origin: 'http://tollgate.example' }],
  ['Origin has another port', { origin: 'https://tollgate.example:8443', host: 'tollgate.example' }],
  ['Origin begins like the public one', { origin: 'https://tollgate.example.evil.example', host: 'tollgate.example' }],
  [
    'Origin names the public one as user',
    { origin: 'https://tollgate.example@evil.example', host: 'tollgate.example' },
  ],
  ['the host is a guess at Origin', { origin: 'http://localhost:3000', host: 'localhost' }],
])('checklist 26: is not the same when %s', (_, headers) => {
  expect(isSameOrigin(headers, PUBLIC_URL)).toBe(false);
});
