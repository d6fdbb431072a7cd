import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Configuration } from '../../config/configuration.js';
import { PLATFORM_DIRECTORY_ID, type Principal } from '../../route-policy/principal.js';
import { ROUTE_POLICY, type RoutePolicy } from '../../route-policy/route-policy.js';
import { AccessDenied, CrossOriginRequest } from '../auth.errors.js';
import { CredentialStrategy } from './credential.strategy.js';
import { isSameOrigin } from './same-origin.js';

/** The one global guard: who may call what. A route without a policy is refused to everybody. */
@Injectable()
export class CredentialGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly configuration: Configuration,
    private readonly strategy: CredentialStrategy,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const policy = this.reflector.get<RoutePolicy | undefined>(ROUTE_POLICY, context.getHandler());
    if (!policy) {
      throw new AccessDenied();
    }
    if (policy.access === 'public') {
      return true;
    }
    // `switchToHttp` makes three functions each time.
    const request = context.getArgByIndex<FastifyRequest & { user: Principal }>(0);
    // `await` would throw a refusal anew.
    return this.strategy.validate(request).then((principal) => {
      request.user = principal;
      this.checkOrigin(request);
      checkPolicy(policy, principal);
      return true;
    });
  }

  private checkOrigin(request: FastifyRequest & { user: Principal }): void {
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    if (request.user.credential.carrier === 'cookie' && !isReading) {
      if (!isSameOrigin(request.headers, this.configuration.publicUrl)) {
        throw new CrossOriginRequest();
      }
    }
  }
}

function checkPolicy(policy: RoutePolicy, principal: Principal): void {
  if (policy.access === 'administrator' && principal.role !== 'admin') {
    throw new AccessDenied('Only administrators may do this.');
  }
  if (policy.access !== 'user' && principal.directoryId !== PLATFORM_DIRECTORY_ID) {
    throw new AccessDenied('Managed users may not do this.');
  }
  if (policy.credentials && !policy.credentials.includes(principal.credential.kind)) {
    throw new AccessDenied(`This needs a credential of the kind ${policy.credentials.join(' or ')}.`);
  }
}
