// One solver in a process of its own, so that its instruction set can be chosen by the environment. Reads a serialized
// {root, problem, parameters, evaluation, direction} from stdin and writes what the addon makes of it to stdout.
const path = require('node:path');
const v8 = require('node:v8');

async function main(input) {
  const addon = require(process.env.DINF_GRID_ADDON ?? path.join(input.root, 'build', 'Release', 'dinf_grid.node'));
  const solver = new addon.Solver(input.problem);
  await solver.prepare();
  await solver.setParameters(input.parameters, input.folded);
  const result = {instructionSet: addon.buildInfo().instructionSet};
  result.evaluation = await solver.evaluate(input.evaluation);
  result.loss = await solver.loss();
  result.gradient = await solver.gradient();
  result.rows = await solver.linearise();
  result.tangent = await solver.tangent(input.direction);
  result.adjoint = await solver.adjoint(result.rows);
  result.columnSquares = await solver.columnSquares();
  return result;
}

const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  main(v8.deserialize(Buffer.concat(chunks))).then(
    (result) => process.stdout.write(v8.serialize(result)),
    (/** @type {unknown} */ error) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
    },
  );
});
