/** One signal of several, which leaves nothing behind on them: a service has one signal for all that it does. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** Stops listening. */
  release(): void;
}

/** Aborted as soon as one of them is. */
export function joined(...given: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const controller = new AbortController();
  const signals = given.filter((signal) => signal !== undefined);
  const abort = (event: {target: unknown}): void => {
    controller.abort((event.target as AbortSignal).reason);
  };
  for (const signal of signals) {
    if (signal.aborted) abort({target: signal});
    signal.addEventListener('abort', abort);
  }
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of signals) signal.removeEventListener('abort', abort);
    },
  };
}
