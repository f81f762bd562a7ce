import type {Rgb} from '../pictures/palette';
import {cssColour, FAINT, GRID, INK, PAPER, SERIES, SERIES_ON_DARK} from '../pictures/palette';

/** Custom properties and rules for the colours of series. */
const colours = (series: readonly Rgb[]): string => series.map((colour, i) => `--series-${i}: ${cssColour(colour)};`).join(' ');
const strokes = SERIES.map((_, i) => `.series-${i} { --series: var(--series-${i}); }`).join(' ');

/** The style of a report; colours by the reader's scheme, all from fonts that are there already. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: ${cssColour(PAPER)}; --ink: ${cssColour(INK)}; --faint: ${cssColour(FAINT)}; --line: ${cssColour(GRID)};
  --accent: ${cssColour(SERIES[0])}; ${colours(SERIES)}
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131518; --card: #1b1e23; --ink: #e7e9ec; --faint: #a0a7b1; --line: #343941;
    --accent: ${cssColour(SERIES_ON_DARK[0])}; ${colours(SERIES_ON_DARK)}
  }
}
@media print { :root { --page: #ffffff; --card: #ffffff; } section { break-inside: avoid; } }
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
}
main { max-width: 72rem; margin: 0 auto; padding: 3rem clamp(1rem, 4vw, 3rem) 5rem; }
h1 { font-size: clamp(1.7rem, 4vw, 2.3rem); line-height: 1.2; letter-spacing: -0.015em; margin: 0; text-wrap: balance; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 0 0 0.9rem; }
h1, h2, p, figcaption { overflow-wrap: break-word; }
.subtitle { color: var(--faint); font-size: 1.08rem; margin: 0.5rem 0 0; max-width: 46rem; }
section { margin-top: 2.6rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; max-width: 46rem; }
th, td { text-align: left; vertical-align: baseline; padding: 0.5rem 1.25rem 0.5rem 0; border-bottom: 1px solid var(--line); }
th, td { overflow-wrap: break-word; }
th { font-weight: 500; }
thead th { color: var(--faint); font-size: 0.82rem; }
td.value { font-weight: 650; white-space: nowrap; }
@media (max-width: 40rem) {
  table:not(.many) thead { position: absolute; clip-path: inset(50%); }
  table:not(.many) tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; column-gap: 0.8rem; border-bottom: 1px solid var(--line); padding: 0.45rem 0; }
  table:not(.many) :is(tbody th, tbody td) { border: 0; padding: 0; overflow-wrap: anywhere; }
  tbody td.value { overflow-wrap: normal; max-width: 60vw; overflow-x: auto; }
  td.hint { grid-column: 1 / -1; }
  .pictures .wide { overflow-x: auto; }
  .pictures .wide img { max-width: none; width: max(100%, 44rem); }
}
table.many { max-width: none; font-size: 0.92rem; }
table.many td, table.many tbody th { white-space: nowrap; }
table.many td.text { white-space: normal; min-width: 18rem; }
.wide-table { overflow-x: auto; }
.wide-table:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.note { color: var(--faint); font-size: 0.92rem; margin: 0.6rem 0 0; max-width: 52rem; }
td.hint { color: var(--faint); font-size: 0.92rem; padding-right: 0; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 0.9rem; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: 0.7rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); align-items: start; gap: 1.2rem; }
.pictures .wide { grid-column: 1 / -1; }
.pictures img { display: block; max-width: 100%; height: auto; margin: 0 auto; border-radius: 4px; }
.curves { display: grid; gap: 1.2rem; }
.plot { padding: 1.6rem 1rem 3.2rem 4rem; font-size: 12px; font-variant-numeric: tabular-nums; }
.plot text { fill: var(--faint); }
.plot text.name { fill: var(--ink); }
.area { display: block; width: 100%; height: 250px; overflow: visible; touch-action: pan-y; }
.ground { fill: transparent; }
.grid { stroke: var(--line); shape-rendering: crispEdges; }
.cursor { stroke: var(--faint); stroke-dasharray: 3 3; }
.lines { overflow: visible; pointer-events: none; }
.lines path { fill: none; stroke: var(--series); stroke-width: 1.75; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
.lines path.dots { stroke-width: 5; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.4rem; list-style: none; margin: 0.3rem 0 0; padding: 0; font-size: 0.88rem; }
.legend li { white-space: nowrap; }
.legend b { font-weight: 500; font-variant-numeric: tabular-nums; }
.legend i { display: inline-block; width: 1.1rem; height: 0.2rem; border-radius: 1px; margin-right: 0.5rem; vertical-align: middle; background: var(--series); }
${strokes}
.equations { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 0.3rem 1rem; }
.equations > div { padding: 0.65rem 0; overflow-x: auto; }
.equations > div + div { border-top: 1px solid var(--line); }
.equations dt { color: var(--faint); font-size: 0.82rem; position: sticky; left: 0; }
.equations dd { margin: 0.2rem 0 0; }
.equations math { display: math; text-align: left; width: max-content; margin: 0; font-size: 1.15rem; }
.equations code { font: 0.88rem/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; overflow-wrap: anywhere; }
pre {
  margin: 0; padding: 0.9rem 1rem; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  font: 0.88rem/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; tab-size: 2;
}
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; }
pre.command span { white-space: nowrap; }
pre:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { margin-top: 3rem; color: var(--faint); font-size: 0.88rem; }
`;
