import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import type { Configuration } from './config/configuration.js';

/** What browsers are told to be careful with, the same on every answer. Helmet works it out once. */
export function securityHeaders({ publicUrl }: Configuration): Record<string, string> {
  const isHttps = publicUrl.startsWith('https:');
  const middleware = helmet({
    contentSecurityPolicy: {
      // What Swagger UI needs; the API itself answers no page.
      directives: {
        'default-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'style-src': ["'self'", "'unsafe-inline'"],
        'frame-ancestors': ["'none'"],
        'upgrade-insecure-requests': null,
      },
    },
    // Browsers ignore these over plain HTTP, and complain about two of them in the console.
    strictTransportSecurity: isHttps && { includeSubDomains: false },
    crossOriginOpenerPolicy: isHttps,
    originAgentCluster: isHttps,
  });
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  middleware(request, response, () => undefined);
  return response.getHeaders() as Record<string, string>;
}
