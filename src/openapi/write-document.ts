import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { AppModule } from '../app.module.js';
import { readEnvironment } from '../config/environment.js';
import { completeDocument } from './complete-document.js';
import { DOCUMENT_BASE, operationId } from './document-base.js';

/** The last step of the build: writes `dist/openapi.json`. Nothing is started: in preview mode Nest makes no providers. */
const configuration = {
  ...readEnvironment({}),
  databaseUrl: 'postgres://unused',
  secretKeys: ['unused'] as [string],
};
const app = await NestFactory.create(AppModule.with(configuration), new FastifyAdapter(), {
  preview: true,
  logger: ['error'],
});
const document = SwaggerModule.createDocument(app, DOCUMENT_BASE, { operationIdFactory: operationId });
await writeFile(
  fileURLToPath(new URL('../../openapi.json', import.meta.url)),
  `${JSON.stringify(completeDocument(document), null, 2)}\n`,
);
