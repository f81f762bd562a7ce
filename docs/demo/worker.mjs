// Solves in a thread of its own, so that the page stays awake. It is told a problem, and tells of progress and of its result.
const {equation, lattice, linspace, ready} = await import(new URL('dinf-grid/browser.mjs', import.meta.url).href);

/** Points an axis at which the answer is shown. */
const POINTS = [801, 201];

/** Seconds between two reports. */
const PAUSE = 0.1;

const tell = (message, transfer = []) => self.postMessage(message, transfer);
const failure = (error) => ({kind: 'failed', code: error.code ?? 'INTERNAL', message: error.message ?? String(error)});

self.onmessage = async ({data: {exact, ...options}}) => {
  try {
    await answer(options, exact);
  } catch (error) {
    tell(failure(error));
  }
};

try {
  await ready();
  tell({kind: 'ready'});
} catch (error) {
  tell(failure(error));
}

async function answer(options, exact) {
  const posed = await equation(options);
  const {domain} = posed.spec;
  if (domain.length > 2) throw new Error('This page shows one or two coordinates, and there are three: leave one out.');
  tell({kind: 'posed', headline: posed.headline});
  let told = 0;
  const solution = await posed.solve({
    onProgress: (progress) => {
      if (progress.seconds - told < PAUSE) return;
      told = progress.seconds;
      tell({kind: 'progress', progress});
    },
  });
  const axes = domain.map(({name, lower, upper}) => ({name, lower, upper, count: POINTS[domain.length - 1]}));
  const places = lattice(axes.map(({lower, upper, count}) => linspace(lower, upper, count)));
  const values = await solution.evaluate(places);
  const fields = Object.entries(values).map(([name, numbers]) => ({name, values: numbers}));
  if (exact !== '') {
    const known = Object.values(await solution.evaluate(places, {expressions: [exact]}))[0];
    fields[0].exact = known;
    fields.push({name: `${fields[0].name} − exact`, values: fields[0].values.map((value, i) => value - known[i]), isError: true});
  }
  const {seconds, iterations, unknowns, stopReason, message, notes, errorEstimate, solver} = solution;
  solution.dispose();
  tell(
    {
      kind: 'solved',
      ...{headline: posed.headline, axes, fields, seconds, iterations, unknowns, stopReason, message},
      notes: [...posed.notes, ...notes],
      estimate: errorEstimate,
      solver: solver?.inner,
    },
    fields.map((field) => field.values.buffer),
  );
}
