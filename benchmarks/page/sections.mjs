// The sections of the page, in their order.
import {section as classical} from './classical.mjs';
import {section as factorisation} from './factorisation.mjs';
import {section as ops} from './ops.mjs';
import {section as peers} from './peers.mjs';
import {section as scaling} from './scaling.mjs';
import {section as siren} from './siren.mjs';
import {section as suites} from './suites.mjs';
import {section as throughput} from './throughput.mjs';

/** @type {import('../page.mjs').Section[]} */
export const SECTIONS = [siren, suites, classical, peers, factorisation, ops, scaling, throughput];
