import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Configuration } from './config/configuration.js';
import { ConfigurationError } from './config/environment.js';

/** @throws ConfigurationError when the address cannot be had */
export async function listen(app: NestFastifyApplication, { port, host }: Configuration): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new ConfigurationError([`Port ${port} on ${host} is taken by another program. Set PORT to a free one.`]);
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new ConfigurationError([`Cannot listen on ${host}, port ${port} (${code}). Set HOST and PORT.`]);
    }
    throw error;
  }
}
