/**
 * Draws the plots of a report, in the reader's browser; `uPlot` and the data are inlined before it. Plots are drawn anew when the colour
 * scheme or the width changes. Dragging zooms in, a double click zooms out.
 */
export const REPORT_SCRIPT = `
(function () {
  var plots = JSON.parse(document.getElementById('plots').textContent);
  var drawn = [];
  function number(value) {
    if (value === null || value === undefined) return '';
    var size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(3).replace(/\\.?0+e/, 'e').replace('e+', 'e');
    return String(Number(value.toPrecision(6)));
  }
  function draw() {
    drawn.forEach(function (plot) { plot.destroy(); });
    var style = getComputedStyle(document.documentElement);
    var colour = function (name) { return style.getPropertyValue(name).trim(); };
    var font = '12px ' + getComputedStyle(document.body).fontFamily;
    var axis = {
      stroke: colour('--ink'), font: font, labelFont: font, labelSize: 24,
      grid: {stroke: colour('--line'), width: 1}, ticks: {stroke: colour('--line'), width: 1}
    };
    drawn = plots.map(function (plot, index) {
      var host = document.getElementById('plot-' + index);
      var series = plot.labels.map(function (label, line) {
        return {
          label: label, stroke: colour('--series-' + (line % 6)), width: 1.75, dash: line < 6 ? undefined : [8, 4], spanGaps: true,
          value: function (_, value) { return value === null ? '–' : number(value); }
        };
      });
      var values = function (_, marks) { return marks.map(number); };
      return new uPlot({
        width: host.clientWidth,
        height: 300,
        // The last values are told until the pointer asks for others.
        hooks: {ready: [function (chart) { chart.setLegend({idx: plot.columns[0].length - 1}); }]},
        scales: {x: {time: false}, y: {distr: plot.log ? 3 : 1}},
        axes: [
          Object.assign({}, axis, {label: plot.xLabel, values: values}),
          Object.assign({}, axis, {label: plot.yLabel, size: 62, values: values})
        ],
        series: [{label: plot.xLabel, value: function (_, value) { return value === null ? '–' : number(value); }}].concat(series)
      }, plot.columns, host);
    });
  }
  function resize() {
    drawn.forEach(function (plot, index) {
      var width = document.getElementById('plot-' + index).clientWidth;
      if (width > 0 && width !== plot.width) plot.setSize({width: width, height: 300});
    });
  }
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  addEventListener('resize', resize);
})();
`;
