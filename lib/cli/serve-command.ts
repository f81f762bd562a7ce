/** `dinf-grid serve`: the HTTP service. */
import {readFileSync} from 'node:fs';
import type {Command} from 'commander';
import {Option} from 'commander';
import {parseBytes} from '../base/bytes';
import {DinfError} from '../base/errors';
import {tokensOf} from '../serve/callers';
import type {ServeOptions} from '../serve/serve-options';
import {LOG_LEVELS} from '../serve/serve-options';
import {numeric, usage, whole} from './arguments';
import {EXIT} from './exit';
import {listenForInterruption} from './interruption';

interface Parsed extends Omit<ServeOptions, 'tokens'> {
  host: string;
  port: number;
  tokenFile?: string;
}

export function addServeCommand(program: Command, finish: (code: number) => void): void {
  const bytes = usage(parseBytes);
  program
    .command('serve')
    .description('an HTTP service that solves what clients send, with a page to try it; see docs/serve.md')
    .option('--host <address>', 'where it listens; 0.0.0.0 for all of the machine', '127.0.0.1')
    .option('--port <n>', 'where it listens; 0 for any that is free', whole('--port', 0), 8080)
    .option('--threads <n>', 'solves at once, and threads that they share (default: one a core)', whole('--threads', 1))
    .option('--memory <bytes>', 'bytes of all running solves, such as 4GB (default: half of what there is)', bytes)
    .option('--max-memory <bytes>', 'bytes of one solve (default: an equal part of --memory)', bytes)
    .option('--queue <n>', 'most requests that wait (default: 256)', whole('--queue', 0))
    .option(
      '--queue-per-caller <n>',
      'most of one caller that wait (default: an eighth of --queue)',
      whole('--queue-per-caller', 0),
    )
    .option('--max-body <bytes>', 'of arrays (default: 64MiB)', bytes)
    .option('--max-json <bytes>', 'of JSON bodies (default: 1MiB)', bytes)
    .option('--max-seconds <s>', 'that a solve may run (default: 60)', numeric('--max-seconds', 0.01))
    .option(
      '--max-pose-seconds <s>',
      'that reading and compiling a problem may take (default: 5)',
      numeric('--max-pose-seconds', 0.01),
    )
    .option('--max-unknowns <n>', 'of the first grid of a problem (default: 1048576)', whole('--max-unknowns', 1))
    .option('--max-samples <n>', 'of a problem (default: 8388608)', whole('--max-samples', 1))
    .option('--max-values <n>', 'of an answer (default: 4194304)', whole('--max-values', 1))
    .option('--max-variations <n>', 'of one request (default: 65536)', whole('--max-variations', 1))
    .option('--max-structures <n>', 'that are kept (default: 64)', whole('--max-structures', 0))
    .option('--max-connections <n>', 'that are open (default: 1024)', whole('--max-connections', 1))
    .option('--token-file <file>', 'tokens that callers must show, one a line (default: everybody is answered)')
    .option('--trust-proxy', 'take addresses from X-Forwarded-For: behind a proxy, and nowhere else')
    .option('--drain-seconds <s>', 'that running solves have after SIGTERM (default: 30)', numeric('--drain-seconds'))
    .option('--checkpoints <dir>', 'states of solves that its end cuts, from which the same requests go on (default: none)')
    .addOption(new Option('--log-level <level>', 'of the log on stdout, JSON lines').choices([...LOG_LEVELS]).default('info'))
    .action(async ({host, port, tokenFile, ...options}: Parsed) => {
      const tokens = tokenFile === undefined ? undefined : readTokens(tokenFile);
      if (tokens === undefined && !isLocal(host))
        process.stderr.write('dinf-grid: without --token-file everybody who reaches this address is answered\n');
      const interruption = listenForInterruption();
      try {
        // No other command pays for loading it.
        const {createServer} = await import('../serve/server.js');
        const server = await createServer({...options, tokens});
        try {
          const url = await server.listen({host, port}).catch((cause: unknown) => {
            throw new DinfError('INVALID_ARGUMENT', `cannot listen on ${host}:${port}: ${(cause as Error).message}`, {cause});
          });
          process.stderr.write(`dinf-grid: listening on ${url}\n`);
          await new Promise((resolve) => {
            interruption.signal.addEventListener('abort', resolve, {once: true});
          });
          process.stderr.write('dinf-grid: shutting down; once more ends it at once\n');
        } finally {
          await server.close();
        }
      } finally {
        interruption.stop();
      }
      finish(EXIT.solved);
    });
}

const isLocal = (host: string): boolean => ['127.0.0.1', '::1', 'localhost'].includes(host);

function readTokens(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DinfError('FILE_UNREADABLE', `cannot read the tokens in ${file}: ${(cause as Error).message}`, {cause});
  }
  const tokens = tokensOf(text);
  if (tokens.length > 0) return tokens;
  throw new DinfError('INVALID_ARGUMENT', `${file} holds no token: write one a line, as long and random as you can`);
}
