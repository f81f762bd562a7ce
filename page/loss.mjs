// The loss along a solve, drawn as it goes.
import {make} from './dom.mjs';
import {drawLoss, lossText} from './plot.mjs';

/** Points that are kept: more than a chart has pixels for. */
const MOST = 1500;

export class LossChart {
  #points = [];
  #every = 1;
  #seen = 0;
  #due = false;

  /** @param {HTMLElement} figure is filled */
  constructor(figure) {
    this.figure = figure;
    this.canvas = make('canvas', {class: 'loss', role: 'img'});
    figure.replaceChildren(make('figcaption', {}, 'Loss ', make('span', {}, 'of one solve after another')), this.canvas);
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  clear() {
    [this.#points, this.#every, this.#seen] = [[], 1, 0];
    this.figure.hidden = true;
  }

  /**
   * @param {number} seconds
   * @param {number | null} loss
   * @param {number} [iterations] that are planned: with each mesh there are more, and its curve begins anew.
   */
  add(seconds, loss, iterations) {
    if (typeof loss !== 'number') return;
    const last = this.#points.at(-1);
    // The latest point is always there; of earlier ones every n-th stays.
    if (last !== undefined && this.#seen % this.#every !== 0) this.#points.pop();
    this.#points.push({seconds, loss, iterations});
    this.#seen += 1;
    if (this.#points.length > MOST) {
      this.#points = this.#points.filter((_, i) => i % 2 === 0);
      this.#every *= 2;
    }
    this.figure.hidden = false;
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw() {
    if (this.#points.length === 0 || this.canvas.clientWidth === 0) return;
    drawLoss(this.canvas, this.#points);
    this.canvas.setAttribute('aria-label', lossText(this.#points));
  }
}
