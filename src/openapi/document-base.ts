import { DocumentBuilder } from '@nestjs/swagger';

export const DOCUMENT_BASE = new DocumentBuilder()
  .setOpenAPIVersion('3.1.0')
  .setTitle('Tollgate')
  .setDescription(
    'Users, credentials and prepaid credits behind one guard, in three dialects.\n\n' +
      'Every user has an API key and an access token; a login gives a session. Each of them opens every door, in ' +
      '`Authorization: Bearer …` or in `x-api-key`; a session may also travel in `X-Session-Token` or in the cookie ' +
      '`session`. Send one credential, not two. A trailing slash is optional everywhere.\n\n' +
      'One credit is 0.000001 USD; credits are whole numbers.',
  )
  .setVersion('0.1.0')
  .setLicense('MIT', 'https://opensource.org/license/mit')
  .addServer('/')
  .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key, an access token or a session.' }, 'bearer')
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

/** `envelopeLogin`, `restMe`: the dialect, then what the method is called. */
export function operationId(controller: string, method: string): string {
  const dialect = /(Envelope|Rpc)Controller$/.exec(controller)?.[1]?.toLowerCase();
  return dialect ? `${dialect}${method[0]!.toUpperCase()}${method.slice(1)}` : method;
}
