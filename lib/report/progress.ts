import {Presets, SingleBar} from 'cli-progress';
import type {Progress} from '../solve/solve';

/** Shows how a solve goes; `stop` before anything else is printed. */
export interface ProgressView {
  update(progress: Progress): void;
  stop(): void;
}

const LINE_SECONDS = 2;

/** A bar on a terminal, a line every two seconds elsewhere, nothing when quiet. Always on stderr: stdout carries the data. */
export function progressView(stream: NodeJS.WriteStream, quiet: boolean): ProgressView {
  if (quiet) return {update: () => undefined, stop: () => undefined};
  return stream.isTTY ? bar(stream) : lines(stream);
}

function bar(stream: NodeJS.WriteStream): ProgressView {
  const single = new SingleBar(
    {stream, format: ' {bar} {percentage}% | {value}/{total} | loss {loss} | {left}', hideCursor: true, clearOnComplete: false},
    Presets.shades_classic,
  );
  let started = false;
  return {
    update(progress) {
      if (!started) single.start(progress.iterations, 0, payload(progress));
      started = true;
      single.setTotal(progress.iterations); // a later phase may add some
      single.update(progress.iteration, payload(progress));
    },
    stop() {
      if (started) single.stop();
    },
  };
}

function lines(stream: NodeJS.WriteStream): ProgressView {
  let last = 0;
  return {
    update(progress) {
      if (progress.seconds - last < LINE_SECONDS) return;
      last = progress.seconds;
      const {loss, left} = payload(progress);
      stream.write(`${progress.iteration}/${progress.iterations} loss ${loss}, ${left}\n`);
    },
    stop: () => undefined,
  };
}

/** Shows how much of something of known size is done; `stop` before anything else is printed. */
export interface PartView {
  update(what: string, part: number): void;
  stop(): void;
}

/** The part that is done and the time left, from two seconds on: one line rewritten on a terminal, a line every two seconds elsewhere. */
export function partView(stream: NodeJS.WriteStream, quiet: boolean): PartView {
  let [current, began, last, open] = ['', 0, 0, false];
  return {
    update(what, part) {
      const now = performance.now() / 1000;
      if (what !== current) [current, began, last] = [what, now, now];
      if (quiet || now - began < LINE_SECONDS || now - last < (stream.isTTY ? 0.2 : LINE_SECONDS)) return;
      last = now;
      const left = part > 0 ? `${duration(((now - began) * (1 - part)) / part)} left` : 'starting';
      const line = `${(100 * part).toFixed(0)}% ${what}, ${left}`;
      stream.write(stream.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
      open = stream.isTTY;
    },
    stop() {
      if (open) stream.write('\r\x1b[K');
      open = false;
    },
  };
}

function payload({loss, secondsLeft}: Progress): {loss: string; left: string} {
  return {loss: loss.toExponential(3), left: Number.isFinite(secondsLeft) ? `${duration(secondsLeft)} left` : 'starting'};
}

/** Seconds as a person reads them. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
