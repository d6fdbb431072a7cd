import type { Credential } from './credential.entity.js';

/** A session as its owner sees it. The id is the public half of the credential: it names the session and opens nothing. */
export interface SessionView {
  id: string;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  address: string | null;
  userAgent: string | null;
}

export function sessionView(row: Credential): SessionView {
  return {
    id: row.id,
    createdAt: row.createdAt,
    lastUsedAt: row.lastUsedAt ?? row.createdAt,
    expiresAt: row.expiresAt!,
    address: row.address,
    userAgent: row.userAgent,
  };
}
