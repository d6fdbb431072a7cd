import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.js';

/** A self-made certificate, in PEM: its own authority. */
export interface Certificate {
  key: string;
  cert: string;
}

/** @param names as in `DNS:localhost,IP:127.0.0.1` */
export async function selfMadeCertificate(names: string): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const subject = ['-days', '2', '-subj', '/CN=tollgate test', '-addext', `subjectAltName=${names}`];
    const { exitCode, stderr } = await runProgram('openssl', [
      ...['req', '-x509', ...curve, ...subject],
      ...['-keyout', key, '-out', cert],
    ]);
    if (exitCode !== 0) {
      throw new Error(`openssl made no certificate: ${stderr}`);
    }
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
