import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** The table of rooms in CONTRIBUTING.md: who may import whom. */
const rooms = [
  { sourceTag: 'room:core', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'room:runtime', onlyDependOnLibsWithTags: ['room:core'] },
  { sourceTag: 'room:data', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'room:client', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'room:generator', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'room:plugin', onlyDependOnLibsWithTags: ['room:core', 'room:data', 'room:client'] },
  { sourceTag: 'room:portable', onlyDependOnLibsWithTags: ['room:core'] },
  { sourceTag: 'room:export', onlyDependOnLibsWithTags: ['room:core', 'room:portable'] },
  { sourceTag: 'room:bench', onlyDependOnLibsWithTags: ['room:core'] },
  {
    sourceTag: 'room:app',
    onlyDependOnLibsWithTags: [
      'room:core',
      'room:runtime',
      'room:plugin',
      'room:bench',
      'room:data',
      'room:client',
      'room:portable',
      'room:export',
    ],
  },
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/lib/**', '**/node_modules/**', '.nx/**', '**/*.config.*', 'site/.vitepress/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.js', '**/*.mjs'],
    plugins: { '@nx': nx },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { ignoreRestSiblings: true, varsIgnorePattern: '^_', argsIgnorePattern: '^_' },
      ],
      eqeqeq: ['error', 'always'],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only (configuration files excepted).' },
      ],
    },
  },
  {
    files: ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.test.*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { allow: [], checkDynamicDependenciesExceptions: ['.*'], depConstraints: rooms },
      ],
    },
  },
);
