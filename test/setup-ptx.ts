/** Makes the addon of these tests the one whose kernels are nvcc's own code, on the emulated CUDA device. */
import * as path from 'node:path';

process.env.DINF_GRID_ADDON = path.join(__dirname, '..', 'build', 'ptx', 'dinf_grid.node');
