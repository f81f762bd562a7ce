/**
 * The grid beside a Siren, a PINN, linear grids, the paper's preset and PyTorch, as errors over time on every system of the paper.
 *
 * @packageDocumentation
 * @module dinf-grid/comparisons
 */
export type {ContenderName, PeerName} from '../comparisons/contenders';
export {CONTENDER_NAMES, PEER_NAMES} from '../comparisons/contenders';
export type {ComparisonRun, ContenderResult, SystemResult} from '../comparisons/compare';
export type {Checkpoint, Run} from '../comparisons/trace';
export type {ComparisonOptions} from '../comparisons';
export {comparedSystems, compareFields} from '../comparisons';
export type {ComparisonFacts} from '../comparisons/page';
export {chartSheet, comparisonReport, fieldSheet} from '../comparisons/page';
export type {Spread, Standing, SystemStanding} from '../comparisons/standings';
export {standingsOf} from '../comparisons/standings';
export {comparisonCsv, comparisonLatex, comparisonLines} from '../comparisons/tables';
