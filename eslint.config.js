import tseslint from 'typescript-eslint';

export default tseslint.config(
  // The calls of a generated client are compiled by their test, beside what is generated for them.
  { ignores: ['dist', 'coverage', '.data', 'test/generated-client'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // A response class of the page may be empty of behaviour, and Nest needs classes where an interface would do.
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // A body that must be empty is validated without being read; it is called `_`.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/dialects/request.pipe.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          name: '@nestjs/common',
          importNames: ['Body', 'Query'],
          message: 'They check nothing: RequestBody and RequestQuery do.',
        },
      ],
    },
  },
  {
    // Jest's asymmetric matchers, expect.any(…) and the like, are typed as any.
    files: ['test/**/*.ts', '**/*.spec.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
);
