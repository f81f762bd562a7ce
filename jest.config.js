const fs = require('node:fs');

const shared = {
  testEnvironment: 'node',
  // Looked up once a file: in Jest's sandbox each look-up of a global is slow, and pictures ask for it millions of times.
  sandboxInjectedGlobals: ['Math'],
  roots: ['<rootDir>/test'],
  setupFiles: ['<rootDir>/test/setup.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {jsc: {parser: {syntax: 'typescript', explicitResourceManagement: true}, target: 'es2022'}, module: {type: 'commonjs'}},
    ],
  },
};

// The conformance suite once more, with the CUDA backend on the emulated device: `npm run build:emulated` builds it.
const emulated = {
  ...shared,
  displayName: 'cuda-emulated',
  testMatch: ['<rootDir>/test/conformance/*.test.ts'],
  testPathIgnorePatterns: ['instruction-sets'], // of the CPU
  setupFiles: ['<rootDir>/test/setup-emulated.ts', ...shared.setupFiles],
};

// And once more with the kernels as nvcc compiles them: scripts/ptx-tests.sh builds it, and asks for it by name, so that an old one is
// never taken for what the sources say. Without L-BFGS, whose hundreds of iterations are about what the host decides.
const ptx = {
  ...emulated,
  displayName: 'cuda-ptx',
  testPathIgnorePatterns: [...emulated.testPathIgnorePatterns, 'lbfgs'],
  setupFiles: ['<rootDir>/test/setup-ptx.ts', ...shared.setupFiles],
};

// And once more by WebAssembly, which `npm run build:wasm` builds: when asked for, since an old module says nothing of the sources.
const wasm = {
  ...emulated,
  displayName: 'wasm',
  setupFiles: ['<rootDir>/test/setup-wasm.ts', ...shared.setupFiles],
};
const wantsWasm = process.env.DINF_TEST_WASM === '1';
const wantsPtx = process.env.DINF_TEST_PTX === '1';

const hasEmulated = fs.existsSync(`${__dirname}/build/emulated/dinf_grid.node`);

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'dinf-grid',
      testMatch: ['**/*.test.ts'],
      // It runs all backends at once, so where there are more than one, in the other project alone.
      testPathIgnorePatterns: ['/node_modules/', ...(hasEmulated ? ['conformance/encoder.test.ts'] : [])],
    },
    ...(hasEmulated ? [emulated] : []),
    ...(wantsPtx ? [ptx] : []),
    ...(wantsWasm ? [wasm] : []),
  ],
  // Native errors are created in the outer realm; a long default keeps a slow, loaded machine from failing a correct test.
  testTimeout: 60000,
  // Jest leaves a core idle by default, which on two cores doubles the time.
  maxWorkers: '100%',
};
