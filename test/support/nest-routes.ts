import { RequestMethod, type INestApplication } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ROUTE_POLICY } from '../../src/route-policy/route-policy.js';

/** A method of a controller, as Nest knows it. */
export interface NestRoute {
  /** `GET /api/sessions/{id}` */
  name: string;
  policy: unknown;
  /** The type is NaN for what a decorator of our own makes. */
  parameters: { type: RouteParamtypes; pipes: unknown[] }[];
}

export function nestRoutes(nest: INestApplication): NestRoute[] {
  const controllers = [...nest.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    const prototype = (metatype as { prototype: Record<string, object> }).prototype;
    const prefix = Reflect.getMetadata(PATH_METADATA, metatype!) as string;
    return new MetadataScanner()
      .getAllMethodNames(prototype)
      .filter((methodName) => Reflect.hasMetadata(METHOD_METADATA, prototype[methodName]!))
      .map((methodName) => {
        const handler = prototype[methodName]!;
        const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
        const path = `/${prefix}/${Reflect.getMetadata(PATH_METADATA, handler) as string}`.replaceAll(/\/+/g, '/');
        // By `<type>:<place>`.
        const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, metatype!, methodName) ?? {}) as Record<
          string,
          { pipes: unknown[] }
        >;
        return {
          name: `${method} ${withoutSlash(path).replaceAll(/:(\w+)/g, '{$1}')}`,
          policy: Reflect.getMetadata(ROUTE_POLICY, handler) as unknown,
          parameters: Object.entries(parameters).map(([key, { pipes }]) => ({
            type: Number(key.split(':')[0]),
            pipes,
          })),
        };
      });
  });
}

export function withoutSlash(path: string): string {
  return path.replace(/\/$/, '');
}
