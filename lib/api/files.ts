/**
 * Files in and out: images, arrays, lattices for ParaView, meshes, point clouds, safetensors, and evaluations of a solution at the points of
 * a file or lattice.
 *
 * @packageDocumentation
 * @module dinf-grid/files
 */
export type {EvaluationSummary} from '../evaluation/evaluate';
export type {FieldEvaluationOptions} from '../evaluation/field-evaluation';
export {evaluateToFile, FieldEvaluation} from '../evaluation/field-evaluation';
export {writeFileAtomic} from '../files/atomic-write';
export type {BytePicture, ReadOptions} from '../files/image';
export {DEFAULT_MAX_PIXELS, decodeImage, encodePng, readImage, writePng} from '../files/image';
export type {NpyArray} from '../files/npy';
export {readNpy, writeNpy} from '../files/npy';
export {objText, parseObj, readObj, writeObj} from '../files/obj';
export type {PlyOptions} from '../files/ply';
export {encodePly, parsePly, readPly, writePly} from '../files/ply';
export type {Scan} from '../files/point-cloud';
export {readScan} from '../files/point-cloud';
export type {Safetensors, Tensor} from '../files/safetensors';
export {decodeSafetensors, encodeSafetensors} from '../files/safetensors';
export type {Volume} from '../files/vti';
export {writeVti} from '../files/vti';
export type {Image, ImageShape} from '../imaging/image';
export type {OrientedPoints, TriangleMesh} from '../mesh/mesh';
