/**
 * Tells the values of a curve under the pointer. The curves themselves are there without it. Runs in the reader's browser; the data are
 * inlined before it.
 */
export const REPORT_SCRIPT = `
(function () {
  var plots = JSON.parse(document.getElementById('plots').textContent);
  function number(value) {
    if (value === null || value === undefined) return '–';
    var size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(3).replace(/\\.?0+e/, 'e').replace('e+', 'e');
    return String(Number(value.toPrecision(6)));
  }
  plots.forEach(function (plot, index) {
    var host = document.getElementById('plot-' + index);
    var area = host.querySelector('.area');
    var cursor = host.querySelector('.cursor');
    var shown = Array.prototype.slice.call(host.querySelectorAll('.legend b'));
    var low = Number(area.dataset.low);
    var high = Number(area.dataset.high);
    function onAxis(x) { return plot.logX ? Math.log(x) : x; }
    function along(x) { return (onAxis(x) - onAxis(low)) / (onAxis(high) - onAxis(low)); }
    var xs = plot.columns[0];
    function tell(row) {
      plot.columns.forEach(function (column, line) {
        var at = row; // a line that has no point there shows its last one before
        while (at > 0 && column[at] === null) at--;
        shown[line].textContent = number(column[at]);
      });
    }
    function follow(event) {
      var box = host.querySelector('.ground').getBoundingClientRect();
      var part = (event.clientX - box.left) / box.width;
      var first = 0, last = xs.length - 1;
      while (last - first > 1) {
        var middle = (first + last) >> 1;
        if (along(xs[middle]) < part) first = middle; else last = middle;
      }
      var row = Math.abs(along(xs[first]) - part) < Math.abs(along(xs[last]) - part) ? first : last;
      var place = 100 * along(xs[row]) + '%';
      cursor.setAttribute('x1', place);
      cursor.setAttribute('x2', place);
      cursor.setAttribute('visibility', 'visible');
      tell(row);
    }
    area.addEventListener('pointermove', follow);
    area.addEventListener('pointerdown', follow);
    area.addEventListener('pointerleave', function () {
      cursor.setAttribute('visibility', 'hidden');
      tell(xs.length - 1);
    });
  });
})();
`;
