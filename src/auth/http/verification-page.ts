import type { LinkOutcome } from '../email-verification.service.js';

const PAGES = {
  verified: ['Email address verified', 'Your email address is verified. You can close this page.'],
  not_verified: ['Not verified', 'This link is not valid any more. Ask for a new one and follow that.'],
  touched: ['Not verified', 'This link is not complete, or was changed. Follow it as it stands in the mail.'],
} as const satisfies Record<LinkOutcome['result'], readonly [title: string, sentence: string]>;

/** A plain page for somebody who followed a verification link and is to be sent nowhere else. */
export function verificationPage(result: LinkOutcome['result']): string {
  const [title, sentence] = PAGES[result];
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
  </head>
  <body>
    <h1>${title}</h1>
    <p>${sentence}</p>
  </body>
</html>
`;
}
