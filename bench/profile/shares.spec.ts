import { profileTable } from './profile-table.js';
import { sharesOf } from './shares.js';

const node = (id: number, functionName: string, hitCount: number, children: number[] = []) => ({
  id,
  callFrame: { functionName, scriptId: '1', url: '', lineNumber: 0, columnNumber: 0 },
  hitCount,
  children,
});

/** 2,000 samples, half of them idle. */
const PROFILE = {
  nodes: [
    node(1, 'root', 0, [2, 3, 4]),
    node(2, 'idle', 1000),
    node(3, 'large', 300, [5, 6]),
    node(4, 'larger', 380, [7]),
    node(5, 'larger', 300),
    node(6, 'tiny', 9),
    node(7, 'small', 6),
    { ...node(8, 'small', 5), children: undefined },
  ],
};

it('adds up what each owner has of the time that is not idle', () => {
  const callers = new Map<string, string | undefined>();
  const shares = sharesOf(PROFILE, ({ functionName }, caller) => {
    callers.set(functionName, caller?.functionName);
    return functionName;
  });
  expect(Object.fromEntries(callers)).toMatchObject({ large: 'root', tiny: 'large', root: undefined });
  expect(shares).toEqual({
    idle: 0.5,
    busy: [
      ['larger', 0.68],
      ['large', 0.3],
      ['small', 0.011],
      ['the rest, less than 1 % each', 0.009],
    ],
  });
});

it('tells them in whole percents', () => {
  expect(
    profileTable({
      idle: 0.254,
      busy: [
        ['Node itself', 0.6],
        ['`pg`', 0.396],
      ],
    }),
  ).toBe(
    [
      '| of the time that the main thread is not idle | share |',
      '| -------------------------------------------- | ----- |',
      '| Node itself                                  | 60 %  |',
      '| `pg`                                         | 40 %  |',
      '| idle, of all its time                        | 25 %  |',
    ].join('\n'),
  );
});
