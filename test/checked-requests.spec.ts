import { ModulesContainer } from '@nestjs/core';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

/** What Nest knows of each parameter of a controller's method, by `<type>:<place>`. */
type Parameters = Record<string, { pipes: unknown[] }>;

it('checks every body and query: there is no pipe that does it for all', () => {
  const unchecked: string[] = [];
  let checked = 0;
  for (const { controllers } of app.nest.get(ModulesContainer).values()) {
    for (const { metatype } of controllers.values()) {
      const controller = metatype as new () => object;
      for (const method of Object.getOwnPropertyNames(controller.prototype)) {
        const parameters = (Reflect.getMetadata('__routeArguments__', controller, method) ?? {}) as Parameters;
        for (const [key, { pipes }] of Object.entries(parameters)) {
          const type = Number(key.split(':')[0]) as RouteParamtypes;
          if ([RouteParamtypes.BODY, RouteParamtypes.RAW_BODY, RouteParamtypes.QUERY].includes(type)) {
            checked++;
            if (pipes.length === 0) {
              unchecked.push(`${controller.name}.${method}`);
            }
          }
        }
      }
    }
  }
  expect(unchecked).toEqual([]);
  expect(checked).toBeGreaterThan(30);
});
