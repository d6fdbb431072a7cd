import { DocumentBuilder } from '@nestjs/swagger';

export const DOCUMENT_BASE = new DocumentBuilder()
  .setOpenAPIVersion('3.1.0')
  .setTitle('Tollgate')
  .setDescription(
    'Users, credentials and prepaid credits behind one guard, in several dialects.\n\n' +
      'Every user has an API key and an access token; a login gives a session. Where an operation does not ask for one ' +
      'kind, each of them is as good as the others, in `Authorization: Bearer …` or in `x-api-key`; a session may ' +
      'also travel in `X-Session-Token` or in the cookie `session`. Send one credential, not two. A trailing slash ' +
      'is optional everywhere.\n\n' +
      'One credit is 0.000001 USD; credits are whole numbers.',
  )
  .setVersion('0.1.0')
  .setLicense('MIT', 'https://opensource.org/license/mit')
  .addServer('/')
  .addTag('Users', 'Who I am, my access token and my sessions. Plain JSON; failures are problem documents (RFC 9457).')
  .addTag('Users (envelope)', 'Login, profile, account and API key. Every answer is `{code, data, status}`.')
  .addTag(
    'user (rpc)',
    'The users of your own directory, for your backend: each account keeps its users apart from everybody else’s. Every ' +
      'call costs its price; administrators act on the users of the platform and pay nothing. `/v1/auth/…` is the same ' +
      'as `/v1/user/…`, and the first letter of a call may be small. Unknown fields are ignored; null, an empty string, ' +
      '0 and `{}` mean "not given". Numbers of 64 bits leave as decimal strings and are taken as such, too.',
  )
  .addTag('Credits', 'Balances, holds, the ledger and the price list.')
  .addTag('Credits (envelope)', 'The balance, as `{code, data, status}`.')
  .addTag('Mails', 'What was sent to whom.')
  .addTag('Operations', 'For those who run the server.')
  .addSecurity('bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, an access token or a session.',
  })
  .addApiKey(
    { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'An API key, an access token or a session.' },
    'apiKey',
  )
  .addApiKey(
    {
      type: 'apiKey',
      in: 'header',
      name: 'X-Session-Token',
      description: 'A session: the `token` of a login. Browsers send the cookie `session` by themselves.',
    },
    'session',
  )
  .build();

/** `envelopeLogin`, `signUp`: what the method is called, after the name of the dialect unless that is rest. */
export function operationId(controller: string, method: string): string {
  const dialect = /(Envelope|Rpc)Controller$/.exec(controller)?.[1]?.toLowerCase();
  return dialect ? `${dialect}${method[0]!.toUpperCase()}${method.slice(1)}` : method;
}
