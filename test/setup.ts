import * as fc from 'fast-check';

// The same cases every time, so that a red run is about the change under test. FAST_CHECK_SEED=n explores others.
fc.configureGlobal({seed: Number(process.env.FAST_CHECK_SEED ?? 20_261_123)});
