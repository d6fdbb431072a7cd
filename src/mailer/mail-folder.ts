import { join } from 'node:path';
import type { Configuration } from '../config/configuration.js';

/** Where mails are kept when there is no mail server. */
export const mailFolder = ({ dataDir }: Configuration): string => join(dataDir, 'mails');
