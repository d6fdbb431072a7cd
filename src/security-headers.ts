import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import type { Configuration } from './config/configuration.js';

/**
 * What browsers are told to be careful with, the same on every answer. Helmet works it out once. Answers are data, of which a browser
 * shall run and show nothing; the pages have policies of their own.
 */
export function securityHeaders({ publicUrl }: Configuration): Record<string, string> {
  const isHttps = publicUrl.startsWith('https:');
  const middleware = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    // About pages, or about browsers and plug-ins that are gone; and every answer carries what is said here.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
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
