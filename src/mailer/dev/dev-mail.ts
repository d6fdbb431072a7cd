import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFoundException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Configuration } from '../../config/configuration.js';
import { isLoopbackHost } from '../../config/loopback-host.js';
import { withoutQuery } from '../../dialects/request-url.js';
import { mailFolder } from '../mail-folder.js';
import { PAGE_HEADERS, mailListPage, mailPage, type KeptMail } from './dev-mail.page.js';

const MAILS_MAX = 100;

/**
 * `/dev/mail`: the mails that were kept because there is no mail server, for whoever develops against us. They carry codes
 * that open accounts, so the page is only there on a machine that keeps to itself.
 */
export function serveDevMail(server: FastifyInstance, configuration: Configuration): void {
  if (!hasDevMail(configuration)) {
    return;
  }
  const folder = mailFolder(configuration);

  server.get('/dev/mail', async (request, reply) => {
    refuseStrangers(request, configuration);
    const names = (await mailNames(folder)).slice(0, MAILS_MAX);
    const mails = await Promise.all(names.map((name) => read(folder, name)));
    const isFolder = withoutQuery(request.url).endsWith('/');
    return reply.headers(PAGE_HEADERS).send(mailListPage(mails, isFolder ? './' : './mail/'));
  });
  server.get<{ Params: { name: string } }>('/dev/mail/:name', async (request, reply) => {
    refuseStrangers(request, configuration);
    const { name } = request.params;
    // Looked up, not put together: a name from outside is no path.
    if (!(await mailNames(folder)).includes(name)) {
      throw new NotFoundException();
    }
    return reply.headers(PAGE_HEADERS).send(mailPage(await read(folder, name)));
  });
}

/** Not where others could come by: behind another address than this machine's own, or behind a proxy that speaks https. */
export function hasDevMail({ smtpUrl, host, publicUrl }: Configuration): boolean {
  return smtpUrl === undefined && isLoopbackHost(host) && !publicUrl.startsWith('https:');
}

/** A proxy, or a page elsewhere whose name was pointed at this machine (DNS rebinding), asks for somebody who is not here. */
function refuseStrangers({ headers, hostname }: FastifyRequest, { publicUrl }: Configuration): void {
  const isForwarded = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'].some(
    (name) => name in headers,
  );
  if (isForwarded || !(isLoopbackHost(hostname) || hostname === new URL(publicUrl).hostname)) {
    throw new NotFoundException();
  }
}

/** Newest first: names begin with the time. */
async function mailNames(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith('.eml'))
      .sort()
      .reverse();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

async function read(folder: string, name: string): Promise<KeptMail> {
  const { default: PostalMime } = await import('postal-mime');
  return { name, mail: await PostalMime.parse(await readFile(join(folder, name))) };
}
