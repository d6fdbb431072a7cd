import type { FastifyInstance } from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';

/** How URLs are matched, here and in the server itself. */
export const ROUTER_OPTIONS = {
  ignoreTrailingSlash: true,
  caseSensitive: true,
  // No parameter is matched by a pattern, so its length costs nothing; Node bounds that of the whole URL.
  maxParamLength: 16_384,
};

const METHODS: HTTPMethod[] = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'];

/** Knows which methods a URL answers to: the router itself calls a wrong method an unknown route. */
export class RouteTable {
  private readonly router = findMyWay(ROUTER_OPTIONS);

  /** Must be called before the first route is added. */
  watch(server: FastifyInstance): void {
    server.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) {
        const known = METHODS.find((it) => it === each);
        if (known && url !== '*' && url !== '/*' && !this.router.hasRoute(known, url)) {
          this.router.on(known, url, () => undefined);
        }
      }
    });
  }

  methodsOf(path: string): string[] {
    return METHODS.filter((method) => this.router.find(method, path) !== null);
  }
}
