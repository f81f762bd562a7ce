// A solution's picture: what is shown of it, a slice of three coordinates, and the value under the pointer or the keyboard's mark.
import {make} from './dom.mjs';
import {themeColours} from './colours.mjs';
import {drawCurves, drawMap, drawMark} from './plot.mjs';
import {numberText, rangeOf} from './numbers.mjs';

/** Part of the values of residuals and errors that the colours reach: a few at corners would leave the rest in one colour. */
const MOST = 0.995;

let made = 0;

/**
 * @typedef {{axes: {name: string, values: ArrayLike<number>}[], values: Record<string, ArrayLike<number>>}} Shown values row-major over the axes, by expression
 */
export class FieldView {
  /** @type {Shown | undefined} */
  #data;
  /** Of each axis, the index of the mark. @type {number[]} */
  #mark = [];
  #marked = false;
  /** The axis that is cut, of three. */
  #cut = 2;
  #labels = {};
  #signed = new Set();
  /** @type {any} */
  #range;
  observer = new ResizeObserver(() => this.draw());
  ended = new AbortController();
  /** Axes across and up, by index; of one coordinate there is none up. @type {[number, number | undefined]} */
  #plane = [0, 1];
  #frame;
  #yOf;

  /** @param {HTMLElement} root is filled @param {{compact?: boolean}} [options] compact: without a choice of its own */
  constructor(root, {compact = false} = {}) {
    const id = `view-${++made}`;
    this.base = make('canvas', {class: 'base', 'aria-hidden': 'true'});
    this.over = make('canvas', {class: 'over', tabIndex: 0, role: 'application', 'aria-describedby': `${id}-readout`});
    this.choice = make('select', {id: `${id}-choice`});
    this.axisChoice = make('select', {id: `${id}-axis`});
    this.slider = make('input', {type: 'range', id: `${id}-slice`, min: '0', step: '1'});
    this.sliceText = make('output', {for: `${id}-slice`});
    this.readout = make('figcaption', {id: `${id}-readout`, class: 'readout'});
    this.choiceRow = make('span', {class: 'control', hidden: compact}, make('label', {for: `${id}-choice`}, 'Show'), this.choice);
    this.sliceRow = make(
      'span',
      {class: 'control slice', hidden: true},
      make('label', {for: `${id}-axis`}, 'Slice at'),
      this.axisChoice,
      make('label', {for: `${id}-slice`, class: 'unseen'}, 'Place of the slice'),
      this.slider,
      this.sliceText,
    );
    const controls = make('div', {class: 'controls'}, this.choiceRow, this.sliceRow);
    this.box = make('div', {class: 'canvas-box'}, this.base, this.over);
    root.replaceChildren(make('figure', {class: compact ? 'field compact' : 'field'}, controls, this.box, this.readout));
    this.#listen();
  }

  #listen() {
    this.choice.addEventListener('change', () => this.draw());
    this.axisChoice.addEventListener('change', () => {
      this.#cut = Number(this.axisChoice.value);
      this.#setSlider();
      this.draw();
    });
    this.slider.addEventListener('input', () => {
      this.#mark[this.#cut] = Number(this.slider.value);
      this.draw();
    });
    this.over.addEventListener('pointermove', (event) => this.#point(event));
    this.over.addEventListener('pointerdown', (event) => this.#point(event));
    this.over.addEventListener('pointerleave', ({pointerType}) => {
      if (pointerType === 'mouse' && document.activeElement !== this.over) this.#unmark();
    });
    this.over.addEventListener('blur', () => this.#unmark());
    this.over.addEventListener('keydown', (event) => this.#step(event));
    this.observer.observe(this.base);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw(), {signal: this.ended.signal});
  }

  /**
   * Shows values.
   *
   * @param {Shown} data
   * @param {{labels?: Record<string, string>, signed?: string[], range?: {lower: number, upper: number}}} [how] names of expressions for people;
   *   those whose sign is what matters (residuals, errors); ends of the colours, default those of the values.
   */
  show(data, {labels = {}, signed = ['residual'], range} = {}) {
    const before = this.#data;
    this.#data = data;
    this.#labels = labels;
    this.#signed = new Set(signed);
    this.#range = range;
    const counts = data.axes.map(({values}) => values.length);
    if (before?.axes.length !== counts.length) this.#cut = counts.length - 1;
    if (this.#mark.length !== counts.length || this.#mark.some((at, a) => at >= counts[a])) {
      this.#mark = counts.map((count) => Math.floor((count - 1) / 2));
    }
    this.#setChoices(Object.keys(data.values));
    this.sliceRow.hidden = counts.length !== 3;
    if (counts.length === 3) {
      this.axisChoice.replaceChildren(
        ...data.axes.map(({name}, a) => make('option', {value: String(a), textContent: name, selected: a === this.#cut})),
      );
      this.#setSlider();
    }
    this.box.classList.toggle('curve', counts.length === 1);
    this.draw();
  }

  /** The expression that is shown; several of one coordinate are shown together as ''. */
  get chosen() {
    return this.choice.value;
  }
  choose(expression) {
    this.choice.value = expression;
    this.draw();
  }

  #setChoices(names) {
    const before = this.choice.value;
    const unknowns = names.filter((name) => !this.#signed.has(name));
    const together = this.#data.axes.length === 1 && unknowns.length > 1 ? [['', unknowns.join(', ')]] : [];
    const entries = [...together, ...names.map((name) => [name, this.#labels[name] ?? name])];
    const same = entries.map(([value]) => value).join('\n') === [...this.choice.options].map(({value}) => value).join('\n');
    if (same) return;
    this.choice.replaceChildren(...entries.map(([value, textContent]) => make('option', {value, textContent})));
    if (entries.some(([value]) => value === before)) this.choice.value = before;
  }

  #setSlider() {
    this.slider.max = String(this.#data.axes[this.#cut].values.length - 1);
    this.slider.value = String(this.#mark[this.#cut]);
  }

  /** Values of what is shown. @returns {{name: string, values: ArrayLike<number>}[]} */
  #lines() {
    const {values} = this.#data;
    const names = this.chosen === '' ? Object.keys(values).filter((name) => !this.#signed.has(name)) : [this.chosen];
    return names.map((name) => ({name, values: values[name]}));
  }

  draw() {
    const data = this.#data;
    if (data === undefined || this.base.clientWidth === 0) return;
    const axes = data.axes.map(({name, values}) => ({
      name,
      lower: values[0],
      upper: values[values.length - 1],
      count: values.length,
    }));
    if (axes.length === 1) this.#drawCurves(axes[0]);
    else this.#drawMap(axes);
    this.over.setAttribute('aria-label', this.#described(axes));
    this.#drawMark();
  }

  #drawCurves(across) {
    const lines = this.#lines().map(({name, values}) => ({name: short(this.#labels[name] ?? name), values}));
    const drawn = drawCurves(this.base, {across, lines, range: this.#range});
    [this.#frame, this.#yOf] = [drawn?.frame, drawn?.yOf];
    this.#plane = [0, undefined];
  }

  #drawMap(axes) {
    const left = axes.map((_, a) => a).filter((a) => axes.length < 3 || a !== this.#cut);
    // x goes across where it is one of both; time goes up.
    const across = ['x', 'y'].map((name) => left.find((a) => axes[a].name === name)).find((a) => a !== undefined) ?? left[1];
    const up = left.find((a) => a !== across);
    this.#plane = [across, up];
    const strides = axes.map((_, a) => axes.slice(a + 1).reduce((product, {count}) => product * count, 1));
    const fixed = axes.length === 3 ? this.#mark[this.#cut] * strides[this.#cut] : 0;
    const [{name, values}] = this.#lines();
    const signed = this.#signed.has(name);
    this.#frame = drawMap(this.base, {
      across: axes[across],
      up: axes[up],
      valueAt: (column, row) => values[fixed + column * strides[across] + row * strides[up]],
      range: this.#range ?? (signed ? symmetric(values) : (rangeOf(values) ?? {lower: 0, upper: 1})),
      map: signed ? 'diverging' : 'viridis',
      label: short(this.#labels[name] ?? name),
    });
    if (axes.length === 3) {
      this.sliceText.textContent = `${axes[this.#cut].name} = ${numberText(this.#place(this.#cut), 4)}`;
    }
  }

  #place(axis) {
    return this.#data.axes[axis].values[this.#mark[axis]];
  }

  #described(axes) {
    const over = axes.map(({name, lower, upper}) => `${name} from ${numberText(lower)} to ${numberText(upper)}`).join(', ');
    return `${this.#lines()
      .map(({name, values}) => `${this.#labels[name] ?? name}${spanText(values)}`)
      .join('; ')}; over ${over}. Arrow keys move the mark.`;
  }

  #point({clientX, clientY}) {
    if (this.#frame === undefined) return;
    const {left, top} = this.over.getBoundingClientRect();
    const {left: from, top: high, wide, high: tall} = this.#frame;
    const [x, y] = [(clientX - left - from) / wide, 1 - (clientY - top - high) / tall];
    if (x < -0.02 || x > 1.02) return;
    const [across, up] = this.#plane;
    this.#mark[across] = indexAt(x, this.#data.axes[across].values.length);
    if (up !== undefined) this.#mark[up] = indexAt(y, this.#data.axes[up].values.length);
    this.#marked = true;
    this.#drawMark();
  }

  #step(event) {
    const [across, up] = this.#plane;
    const steps = {ArrowLeft: [across, -1], ArrowRight: [across, 1], ArrowDown: [up, -1], ArrowUp: [up, 1]};
    const ends = {Home: 0, End: Infinity};
    if (this.#data === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in steps) {
      const [axis, by] = steps[event.key];
      if (axis === undefined) return;
      this.#move(axis, this.#mark[axis] + by * (event.shiftKey ? 10 : 1));
    } else if (event.key in ends) this.#move(across, ends[event.key]);
    else return;
    event.preventDefault();
  }

  #move(axis, to) {
    this.#mark[axis] = Math.min(this.#data.axes[axis].values.length - 1, Math.max(0, to));
    this.#marked = true;
    this.#drawMark();
  }

  #unmark() {
    this.#marked = false;
    this.#drawMark();
  }

  #drawMark() {
    if (this.#data === undefined) return;
    // What the keys reach is read out; what the pointer brushes is not.
    this.readout.setAttribute('aria-live', document.activeElement === this.over ? 'polite' : 'off');
    const frame = this.#frame;
    const lines = this.#lines();
    if (!this.#marked || frame === undefined) {
      drawMark(this.over, frame, {x: undefined, ys: []});
      this.readout.textContent = lines.map(({name, values}) => `${this.#labels[name] ?? name}${spanText(values)}`).join('; ');
      return;
    }
    const [across, up] = this.#plane;
    const part = (axis) => this.#mark[axis] / Math.max(1, this.#data.axes[axis].values.length - 1);
    const index = this.#data.axes.reduce((flat, {values}, a) => flat * values.length + this.#mark[a], 0);
    const {series} = themeColours();
    drawMark(this.over, frame, {
      x: frame.left + part(across) * frame.wide,
      ys:
        up === undefined
          ? lines.map(({values}, line) => ({y: this.#yOf(values[index]), colour: series[line % series.length]}))
          : [{y: frame.top + frame.high * (1 - part(up))}],
    });
    const places = this.#data.axes.map(({name}, a) => `${name} = ${numberText(this.#place(a))}`).join(', ');
    this.readout.textContent = `${places}:  ${lines
      .map(({name, values}) => `${this.#labels[name] ?? name} = ${numberText(values[index], 6)}`)
      .join(', ')}`;
  }

  /** Ends listening to the page, before the view is taken out of it. */
  dispose() {
    this.observer.disconnect();
    this.ended.abort();
  }

  /** The picture as a file, on the ground of the page. @returns {Promise<Blob>} */
  toPng() {
    const copy = make('canvas', {width: this.base.width, height: this.base.height});
    const context = copy.getContext('2d');
    context.fillStyle = themeColours().card;
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(this.base, 0, 0);
    return new Promise((resolve, reject) => {
      copy.toBlob((blob) => (blob === null ? reject(new Error('the picture could not be made')) : resolve(blob)), 'image/png');
    });
  }
}

const indexAt = (part, count) => Math.min(count - 1, Math.max(0, Math.round(part * (count - 1))));

const spanText = (values) => {
  const range = rangeOf(values);
  return range === undefined ? ': no finite value' : ` from ${numberText(range.lower)} to ${numberText(range.upper)}`;
};

/** A name that fits beside an axis. */
const short = (name) => (name.length > 18 ? `${name.slice(0, 17)}…` : name);

/** A range around 0 that all but the largest few values lie in. */
export function symmetric(values) {
  const sizes = Float64Array.from(values, Math.abs).filter(Number.isFinite).sort();
  const end = sizes.length === 0 ? 1 : sizes[Math.floor(MOST * (sizes.length - 1))] || sizes[sizes.length - 1] || 1;
  return {lower: -end, upper: end};
}
