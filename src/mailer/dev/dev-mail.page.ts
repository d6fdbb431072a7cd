import { createHash } from 'node:crypto';
import type { Email } from 'postal-mime';

/** The pages of `/dev/mail`: everything that a mail brings is shown as text, and nothing on them runs. */

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}`;

export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
    `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  // Links in mails lead elsewhere, with a code in them.
  'referrer-policy': 'no-referrer',
};

/** A mail and the name of its file. */
export interface KeptMail {
  name: string;
  mail: Email;
}

/** @param root from the page to the folder of the pages, so that it works below any path */
export function mailListPage(mails: KeptMail[], root: string): string {
  const rows = mails.map(
    ({ name, mail }) => `<tr><td>${escaped(timeOf(mail))}</td><td>${escaped(recipientOf(mail))}</td>
<td><a href="${root}${encodeURIComponent(name)}">${escaped(mail.subject || '(no subject)')}</a></td></tr>`,
  );
  return page(
    'Mails',
    rows.length === 0
      ? '<p>No mail yet. As long as SMTP_URL is not set, mails are kept here instead of being sent.</p>'
      : `<table><tr><th>Time</th><th>To</th><th>Subject</th></tr>\n${rows.join('\n')}\n</table>`,
  );
}

export function mailPage({ mail }: KeptMail): string {
  const from = `${mail.from?.name ?? ''} <${mail.from?.address ?? ''}>`.trim();
  return page(
    mail.subject || '(no subject)',
    `<p><a href="./">All mails</a></p>
<table><tr><th>From</th><td>${escaped(from)}</td></tr>
<tr><th>To</th><td>${escaped(recipientOf(mail))}</td></tr>
<tr><th>Time</th><td>${escaped(timeOf(mail))}</td></tr></table>
<pre>${linked(mail.text ?? '')}</pre>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(title)}</h1>
${body}
</body></html>
`;
}

const recipientOf = ({ to }: Email): string => to?.map(({ address }) => address).join(', ') ?? '';
const timeOf = ({ date }: Email): string => date ?? '';

/** Links of the web are links; punctuation after one belongs to the sentence. */
function linked(text: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/i)
    .map((part, i) =>
      i % 2 === 0 ? escaped(part) : `<a href="${escaped(part)}" rel="noreferrer">${escaped(part)}</a>`,
    )
    .join('');
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
