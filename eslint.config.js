import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';
import { house } from './scripts/lint/house.mjs';

const SOURCES = ['packages/*/src/**/*.ts'];
const TESTS = ['**/*.test.ts', 'test/**/*.ts'];
const CONFIGS = ['**/*.config.{ts,js}', '.dependency-cruiser.cjs'];

const CONTEXT_BY_RUN_ONLY = [
  {
    selector: "CallExpression[callee.property.name='enterWith']",
    message: 'A context is entered by run only: enterWith leaks into whatever runs next.',
  },
  {
    selector: "CallExpression[callee.property.name='exit'][callee.object.name!='process']",
    message: 'A context is left by the end of its run; exit() loses it for the callbacks inside.',
  },
  {
    selector: "MemberExpression[object.name='AsyncResource'][property.name='bind']",
    message: 'AsyncResource.bind costs 13-20 µs on Node 20: capture the frame and run it.',
  },
];
const PLAIN_TYPESCRIPT = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals: enums emit code.' },
  { selector: 'TSModuleDeclaration[kind="namespace"]', message: 'Use a module.' },
  { selector: 'TSParameterProperty', message: 'Declare the field and assign it.' },
];
const NO_DEFAULT_EXPORT = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Export by name; only configuration files have a default export.',
  },
];
const NO_PLAIN_ERROR = [
  {
    selector: 'ThrowStatement > NewExpression[callee.name=/^(Error|TypeError|RangeError)$/]',
    message: 'Throw a subclass of SwitchyardError: it has a code, a reason and a remedy.',
  },
];
const NO_PROCESS_EXIT = [
  {
    selector: "CallExpression[callee.object.name='process'][callee.property.name='exit']",
    message: 'A library does not end its host; only the command line does.',
  },
];

const EVERYWHERE = [...CONTEXT_BY_RUN_ONLY, ...PLAIN_TYPESCRIPT];
const syntax = (...rules) => ({ 'no-restricted-syntax': ['error', ...rules] });

export default tseslint.config(
  { ignores: ['**/node_modules', '**/dist', '**/reports', '**/coverage', '**/.cache'] },
  {
    files: ['**/*.{ts,js,mjs,cjs}'],
    extends: [tseslint.configs.base],
    plugins: { house },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...syntax(...EVERYWHERE, ...NO_DEFAULT_EXPORT),
      'house/file-name': 'error',
      'house/function-lines': ['error', { max: 50 }],
      'max-lines': ['error', { max: 350 }],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-debugger': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      // Augmentation: an interface that only adds another one to itself.
      '@typescript-eslint/no-empty-object-type': [
        'error',
        { allowInterfaces: 'with-single-extends' },
      ],
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-expect-error': 'allow-with-description' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
    },
  },
  {
    files: SOURCES,
    ignores: TESTS,
    extends: [docstrings()],
    rules: syntax(...EVERYWHERE, ...NO_DEFAULT_EXPORT, ...NO_PLAIN_ERROR, ...NO_PROCESS_EXIT),
  },
  {
    // A forgotten await is work on a shard that nobody waits for. The only rules that need types.
    files: [...SOURCES, 'test/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    },
  },
  {
    // The command line is the process: it may end it.
    files: ['packages/cli/src/**/*.ts'],
    ignores: TESTS,
    rules: syntax(...EVERYWHERE, ...NO_DEFAULT_EXPORT, ...NO_PLAIN_ERROR),
  },
  {
    files: ['test/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: 'packages/[^/]+/src', message: 'Import a package by its name.' }] },
      ],
    },
  },
  { files: TESTS, rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
  { files: CONFIGS, rules: syntax(...EVERYWHERE) },
);

/** Every exported name of a package says what it is for. */
function docstrings() {
  return {
    plugins: { jsdoc },
    rules: {
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: true,
          require: { ClassDeclaration: true, FunctionDeclaration: true, MethodDefinition: false },
          contexts: [
            'ExportNamedDeclaration > TSInterfaceDeclaration',
            'ExportNamedDeclaration > TSTypeAliasDeclaration',
            'ExportNamedDeclaration > VariableDeclaration',
          ],
        },
      ],
    },
  };
}
