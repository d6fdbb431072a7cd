import { readOptions } from './options.js';

const options = (...argv: string[]) => readOptions(argv, ['me', 'login']);

it('only what is whole and measured as usual goes into the document', () => {
  expect(options()).toMatchObject({ isForTheDocument: true, rows: [], connections: 64, logins: 32 });
  expect(options('me')).toMatchObject({ isForTheDocument: false, rows: ['me'] });
  for (const name of ['launches', 'rounds', 'seconds', 'users', 'large', 'connections', 'logins']) {
    expect(options(`--${name}`, '7')).toMatchObject({ isForTheDocument: false, [name]: 7 });
  }
});

it('refuses numbers that are none, or too small', () => {
  for (const number of ['', 'many', '0', '-1', 'Infinity']) {
    expect(() => options(`--connections=${number}`)).toThrow('--connections must be a number from 1.');
  }
});
