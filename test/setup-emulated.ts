/** Makes the addon of these tests the one whose CUDA device is emulated on the host. */
import * as path from 'node:path';

process.env.DINF_GRID_ADDON = path.join(__dirname, '..', 'build', 'emulated', 'dinf_grid.node');
