import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { nestRoutes } from './support/nest-routes.js';
import { TestApp } from './support/test-app.js';

const SENT = [RouteParamtypes.BODY, RouteParamtypes.RAW_BODY, RouteParamtypes.QUERY];

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

it('checks every body and query: there is no pipe that does it for all', () => {
  const sent = nestRoutes(app.nest).flatMap(({ name, parameters }) =>
    parameters.filter(({ type }) => SENT.includes(type)).map(({ pipes }) => ({ name, pipes })),
  );
  expect(sent.filter(({ pipes }) => pipes.length === 0)).toEqual([]);
  expect(sent.length).toBeGreaterThan(30);
});
