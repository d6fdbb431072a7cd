import { readFileSync } from 'node:fs';
import fastify, { type HTTPMethods } from 'fastify';

/** Fastify and nothing else: answers one question with the bytes and headers it was given. What a server cannot beat. */
interface Replay {
  method: HTTPMethods;
  route: string;
  status: number;
  headers: Record<string, string>;
  body: string;
}

const { method, route, status, headers, body } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Replay;

const server = fastify();
server.route({
  method,
  url: route,
  handler: (_request, reply) => reply.code(status).headers(headers).send(body),
});
await server.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
process.on('SIGTERM', () => process.exit());
