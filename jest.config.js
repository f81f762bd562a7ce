/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  setupFiles: ['<rootDir>/test/setup.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {jsc: {parser: {syntax: 'typescript', explicitResourceManagement: true}, target: 'es2022'}, module: {type: 'commonjs'}},
    ],
  },
  // Native errors are created in the outer realm; a long default keeps a slow, loaded machine from failing a correct test.
  testTimeout: 60000,
  // Jest leaves a core idle by default, which on two cores doubles the time.
  maxWorkers: '100%',
};
