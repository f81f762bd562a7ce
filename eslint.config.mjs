// Typed lint of all TypeScript and JavaScript. A rule that is off says why; what a rule cannot know is said beside the line it stops at.
import {defineConfig} from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  {ignores: ['dist/', 'build/', 'out/', 'coverage/', 'prebuilds/', 'docs/demo/dinf-grid/']},
  {linterOptions: {reportUnusedDisableDirectives: 'error'}},
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {parserOptions: {projectService: true, tsconfigRootDir: import.meta.dirname}},
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-shadow': 'error',
      '@typescript-eslint/no-unused-vars': ['error', {argsIgnorePattern: '^_'}],
      '@typescript-eslint/prefer-readonly': 'error',
      // A `default` stands for the rest of a union.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', {considerDefaultExhaustiveForUnions: true}],
      // A switch counts once: tables with one case an operator read well at any length.
      complexity: ['error', {max: 15, variant: 'modified'}],
      eqeqeq: 'error',

      // Numbers in texts are what error messages are made of.
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true}],
      // `() => list.push(x)` as a callback is short and harms nobody.
      '@typescript-eslint/no-confusing-void-expression': ['error', {ignoreArrowShorthand: true}],
      // Names are split by code points on purpose: `[...name].length` is what their grammar counts.
      '@typescript-eslint/no-misused-spread': ['error', {allow: ['string']}],
      // An empty text of the command line means "not given", as undefined does.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', {ignorePrimitives: {string: true}}],
      // `for await (const batch of batches()) void batch` runs through a source for what that does alone.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // Typed arrays, and maps whose key was just inserted.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `prepare` of a problem and `batches` of a source are asynchronous by contract, whether this one waits or not.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['lib/**'],
    rules: {
      'max-lines': ['error', 350],
      'no-console': 'error', // the library never prints; the command line writes to its streams explicitly
    },
  },
  {files: ['lib/schema.ts'], rules: {'max-lines': 'off'}}, // generated: a table of all that TypeScript and C++ share
  {
    files: ['test/**'],
    rules: {
      // Jest's matchers inside of expected objects are `any`, and so is what Reflect and generated values give.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // Tests take functions out of problem definitions; none of those reads `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Parameters of plain JavaScript have types only where JSDoc or a call of the library gives them: the rest is `any`.
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-plus-operands': ['error', {allowAny: true}],
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true, allowAny: true}],
    },
  },
  {files: ['**/*.js'], rules: {'@typescript-eslint/no-require-imports': 'off'}}, // CommonJS
);
