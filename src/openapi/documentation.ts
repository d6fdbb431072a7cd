import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { withoutQuery } from '../dialects/request-url.js';

// The document is written by the build: only compiled classes carry the schemas.
const { resolve } = createRequire(import.meta.url);
const DOCUMENT = resolve('#openapi.json');
const SWAGGER_UI = dirname(resolve('swagger-ui-dist/package.json'));
/** What the page needs of it. */
const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-16x16.png': 'image/png',
  'favicon-32x32.png': 'image/png',
};
const ASSET_MAX_AGE_SECONDS = 3_600;

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  // What Swagger UI needs.
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/**
 * Everything on it is asked for relative to the page, so that it works below whatever path a proxy puts the server.
 *
 * @param root from the page to the root of the server
 */
const page = (root: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Tollgate API</title>
    <link rel="icon" href="${root}docs/assets/favicon-32x32.png" />
    <link rel="stylesheet" href="${root}docs/assets/swagger-ui.css" />
  </head>
  <body>
    <div id="swagger-ui" data-root="${root}"></div>
    <script src="${root}docs/assets/swagger-ui-bundle.js"></script>
    <script src="${root}docs/start.js"></script>
  </body>
</html>
`;

/** The server of the document is `/`; seen from a browser it is wherever the page was found. */
const START = `const root = new URL(document.getElementById('swagger-ui').dataset.root, location.href).href.replace(/\\/$/, '');
fetch(root + '/openapi.json')
  .then((response) => response.json())
  .then((spec) =>
    SwaggerUIBundle({
      spec: { ...spec, servers: [{ url: root }] },
      dom_id: '#swagger-ui',
      deepLinking: true,
      persistAuthorization: true,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      validatorUrl: null,
    }),
  );
`;

/** `/openapi.json`, and the page at `/docs` that lets people read and try it. */
export async function serveDocumentation(server: FastifyInstance): Promise<void> {
  const document = await readFile(DOCUMENT, 'utf8');
  server.get('/openapi.json', (_, reply) => reply.type('application/json; charset=utf-8').send(document));
  server.get('/docs', (request, reply) => {
    const isFolder = withoutQuery(request.url).endsWith('/');
    return reply.headers(PAGE_HEADERS).send(page(isFolder ? '../' : './'));
  });
  server.get('/docs/start.js', (_, reply) => reply.type('text/javascript; charset=utf-8').send(START));
  for (const [name, type] of Object.entries(ASSETS)) {
    server.get(`/docs/assets/${name}`, async (_, reply) => {
      reply.type(type).header('cache-control', `public, max-age=${ASSET_MAX_AGE_SECONDS}`);
      return readFile(join(SWAGGER_UI, name));
    });
  }
}
