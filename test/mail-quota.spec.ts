import { Transactions } from '../src/database/transactions.js';
import { MailQuota } from '../src/mailer/mail-quota.js';
import { TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ isRateLimited: true });
});
afterAll(() => app.stop());

it('counts who has long been at it like anybody else: no wait is longer than the window', async () => {
  const transactions = app.nest.get(Transactions);
  const quota = app.nest.get(MailQuota);
  const email = 'joe@example.com';

  const refused = await transactions.run(async (early) => {
    await early.query('SELECT pg_sleep(0.01)');
    for (let i = 0; i < 20; i++) {
      expect(await transactions.run((tx) => quota.take(tx, 1000, 'reset', email))).toEqual({ isTaken: true });
    }
    return quota.take(early, 1000, 'reset', email);
  });
  const seconds = 'retryAfterSeconds' in refused ? refused.retryAfterSeconds : undefined;
  expect(seconds).toBeGreaterThan(3_500);
  expect(seconds).toBeLessThanOrEqual(3_600);
});
