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

it('refuses with --against what would be ignored, and without it what is of no use', () => {
  const against = (...argv: string[]) => options('--against', 'http://other.example', ...argv);
  expect(against('--rate', '0.5')).toMatchObject({ isForTheDocument: false, against: { rate: 0.5 } });
  expect(() => against('me', 'login')).toThrow('--against measures no rows: leave out me, login, or --against.');
  for (const name of ['users', 'large', 'logins']) {
    expect(() => against(`--${name}`, '7')).toThrow(`--${name} is of no use with --against.`);
  }
  for (const name of ['method', 'header', 'credentials', 'body', 'rate']) {
    expect(() => options(`--${name}`, '')).toThrow(`--${name} is of use with --against only.`);
  }
  expect(() => against('--profile')).toThrow('--profile is of no use with --against.');
  expect(() => against('--path', '/')).toThrow("Unknown option '--path'");
});

it('profiles one load once, and puts nothing into the document', () => {
  expect(options('--profile', '--seconds', '5')).toMatchObject({
    isProfile: true,
    isForTheDocument: false,
    seconds: 5,
  });
  expect(options('--profile')).toMatchObject({ isProfile: true, isForTheDocument: false });
  expect(() => options('--profile', 'me')).toThrow('--profile measures no rows: leave out me, or --profile.');
  for (const name of ['launches', 'rounds', 'large', 'logins']) {
    expect(() => options('--profile', `--${name}`, '7')).toThrow(`--${name} is of no use with --profile.`);
  }
});
