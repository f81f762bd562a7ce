/** The style of a report; colours by the reader's scheme, all from fonts that are there already. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --ink: #1c1e21; --faint: #5d636c; --line: #dfe1e4; --accent: #0f62a8;
  --series-0: #0f62a8; --series-1: #c2410c; --series-2: #15803d; --series-3: #7e22ce; --series-4: #a16207; --series-5: #be185d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131518; --card: #1b1e23; --ink: #e7e9ec; --faint: #a0a7b1; --line: #343941; --accent: #7cb8f2;
    --series-0: #7cb8f2; --series-1: #fb923c; --series-2: #6ee7a0; --series-3: #c9a3ff; --series-4: #f2d06b; --series-5: #f69ac4;
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
h1, h2, p, figcaption { overflow-wrap: anywhere; }
.subtitle { color: var(--faint); font-size: 1.08rem; margin: 0.5rem 0 0; max-width: 46rem; }
section { margin-top: 2.6rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; max-width: 46rem; }
th, td { text-align: left; vertical-align: baseline; padding: 0.5rem 1.25rem 0.5rem 0; border-bottom: 1px solid var(--line); }
th, td { overflow-wrap: break-word; }
th { font-weight: 500; }
thead th { color: var(--faint); font-size: 0.82rem; }
td.value { font-weight: 650; }
td.hint { color: var(--faint); font-size: 0.92rem; padding-right: 0; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 0.9rem; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: 0.7rem; }
.pictures { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 1.2rem; }
.pictures figure { flex: 1 1 min(100%, 20rem); }
.pictures .wide { flex-basis: 100%; }
.pictures img { display: block; max-width: 100%; height: auto; margin: 0 auto; border-radius: 4px; }
.curves { display: grid; gap: 1.2rem; }
.chart { min-height: 340px; overflow: hidden; }
.chart .u-legend { text-align: left; font-size: 0.88rem; color: var(--ink); max-width: none; width: auto; margin: 0.2rem 0 0 0.4rem; }
.chart .u-legend th, .chart .u-legend td { border: 0; padding: 0.1rem 0.3rem; font-weight: 400; }
.chart .u-legend .u-marker { width: 0.85rem; height: 0.2rem; border-radius: 1px; }
.chart .u-select { background: color-mix(in srgb, var(--accent) 18%, transparent); }
.chart .u-cursor-x, .chart .u-cursor-y { border-color: var(--faint); }
pre {
  margin: 0; padding: 0.9rem 1rem; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  font: 0.88rem/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; tab-size: 2;
}
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; }
pre:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { margin-top: 3rem; color: var(--faint); font-size: 0.88rem; }
`;
