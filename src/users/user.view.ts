import type { Role } from '../route-policy/principal.js';
import type { User } from './user.entity.js';

/** A user as other features and the dialects see it. */
export interface UserView {
  directoryId: number;
  userId: number;
  externalId: string;
  email: string;
  /** The address as its owner typed it, for mails. */
  emailAsGiven: string;
  emailVerifiedAt: Date | null;
  /** The chosen one; the email address where none was chosen, since that logs in as well. */
  username: string;
  name: string;
  firstName: string;
  lastName: string;
  profile: Record<string, string>;
  role: Role;
  isDisabled: boolean;
  createdAt: Date;
  updatedAt: Date;
}

export function userView(row: User): UserView {
  return {
    directoryId: row.directoryId,
    userId: row.id,
    externalId: row.externalId,
    email: row.email,
    emailAsGiven: row.emailAsGiven,
    emailVerifiedAt: row.emailVerifiedAt,
    username: row.username ?? row.email,
    name: row.name,
    ...partsOfName(row.name),
    profile: JSON.parse(row.profile) as Record<string, string>,
    role: row.role,
    isDisabled: row.disabledAt !== null,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

/** The first word, and the others. */
export function partsOfName(name: string): { firstName: string; lastName: string } {
  const end = name.search(/\s/);
  return end < 0
    ? { firstName: name, lastName: '' }
    : { firstName: name.slice(0, end), lastName: name.slice(end).trimStart().replace(/\s+/g, ' ') };
}
