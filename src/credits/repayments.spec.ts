import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { TooManyWaiting } from '../batching/batching.errors.js';
import { AccountNotFound } from './credits.errors.js';
import { Repayments } from './repayments.js';

const aRepayment = () => {
  const attempt = jest.fn<() => Promise<number | undefined>>();
  return { requestId: 'request-1', balanceAfter: 100, attempt };
};
const lost = () => jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);

beforeEach(() => {
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(() => jest.restoreAllMocks());

it('tells what the account can spend, as the ledger says, or else as it must be', async () => {
  const repayment = aRepayment();
  repayment.attempt.mockResolvedValueOnce(107).mockResolvedValueOnce(undefined);
  expect(await new Repayments().make(repayment)).toBe(107);
  expect(await new Repayments().make(repayment)).toBe(100);
});

it('a refusal is final, and told to the operator', async () => {
  const errors = lost();
  const repayment = aRepayment();
  repayment.attempt.mockRejectedValue(new AccountNotFound());
  const repayments = new Repayments();
  expect(await repayments.make(repayment)).toBeUndefined();
  await repayments.onApplicationShutdown();
  expect(repayment.attempt).toHaveBeenCalledTimes(1);
  expect(errors).toHaveBeenCalledWith(expect.objectContaining({ requestId: 'request-1' }));
});

it.each([
  ['a failure', new Error('connection refused')],
  ['a full queue', new TooManyWaiting()],
])('checklist 65: after %s it is tried again until it is made', async (_, failure) => {
  const errors = lost();
  const repayment = aRepayment();
  repayment.attempt.mockRejectedValueOnce(failure).mockRejectedValueOnce(failure);
  const made = new Promise<void>((resolve) =>
    repayment.attempt.mockImplementationOnce(() => {
      resolve();
      return Promise.resolve(100);
    }),
  );
  expect(await new Repayments().make(repayment)).toBe(100);
  await made;
  expect(repayment.attempt).toHaveBeenCalledTimes(3);
  expect(errors).not.toHaveBeenCalled();
});

it('checklist 69: what is owed when the process ends is tried a last time, and waited for', async () => {
  const errors = lost();
  const [made, failed] = [aRepayment(), aRepayment()];
  let isMade = false;
  made.attempt.mockRejectedValueOnce(new Error('connection refused')).mockImplementationOnce(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    isMade = true;
    return 100;
  });
  failed.attempt.mockRejectedValue(new Error('connection refused'));
  const repayments = new Repayments();
  await Promise.all([repayments.make(made), repayments.make(failed)]);

  await repayments.onApplicationShutdown();
  expect(isMade).toBe(true);
  expect([made, failed].map(({ attempt }) => attempt.mock.calls.length)).toEqual([2, 2]);
  expect(errors).toHaveBeenCalledTimes(1);
});
