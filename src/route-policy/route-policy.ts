import { SetMetadata, applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { CredentialKind, Principal } from './principal.js';

/** Who may call a route. A route that says nothing is refused to everybody. */
export interface RoutePolicy {
  /**
   * - `public`: anybody, no credential is looked at
   * - `user`: anybody with a credential, users of managed directories included
   * - `account`: people of the platform directory
   * - `administrator`: administrators
   */
  access: 'public' | 'user' | 'account' | 'administrator';
  /** Kinds that are accepted here; all when absent. */
  credentials?: CredentialKind[];
}

export const ROUTE_POLICY = Symbol('route-policy');
/** Carries the policy into the OpenAPI document, where it becomes the operation's security. */
export const POLICY_EXTENSION = 'x-policy';

type PolicyOptions = Pick<RoutePolicy, 'credentials'>;

export const Public = (): MethodDecorator => policy({ access: 'public' });
export const ForUsers = (options: PolicyOptions = {}): MethodDecorator => policy({ access: 'user', ...options });
export const ForAccounts = (options: PolicyOptions = {}): MethodDecorator => policy({ access: 'account', ...options });
export const ForAdministrators = (options: PolicyOptions = {}): MethodDecorator =>
  policy({ access: 'administrator', ...options });

function policy(value: RoutePolicy): MethodDecorator {
  return applyDecorators(SetMetadata(ROUTE_POLICY, value), ApiExtension(POLICY_EXTENSION, value));
}

/** The caller, in a controller's method. Only on routes that are not `@Public()`. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  return context.getArgByIndex<{ user: Principal }>(0).user;
});
