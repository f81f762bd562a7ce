/**
 * Runs the code blocks of a page of the documentation as a reader would, from the built package.
 *
 * A `ts`, `js` or `mjs` block is an ES module of its own, or with `<!-- continues -->` the rest of the one before it. The lines of an `sh`
 * block are commands. CONTRIBUTING.md says what else comments may say.
 */
import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {transform} from '@swc/core';
import * as ts from 'typescript';
import type {Block, Page} from './markdown';
import {blocksOf, placeOf, ROOT} from './markdown';

/** Something of a page that is run by itself. */
export interface Runnable {
  /** Of its first block. */
  readonly page: string;
  readonly line: number;
  readonly language: 'ts' | 'js' | 'sh';
  /** One block, or several of one module. */
  readonly blocks: readonly Block[];
}

/** Languages of blocks that are shown and not run. */
const SHOWN: ReadonlySet<string> = new Set(['json', 'text', 'bibtex']);
const LANGUAGES: Readonly<Record<string, Runnable['language']>> = {ts: 'ts', js: 'js', mjs: 'js', sh: 'sh'};

/**
 * What there is to run of a page, in its order.
 *
 * @throws Error for a block that can neither be run nor be passed over, with its place
 */
export function runnablesOf(page: Page): Runnable[] {
  const runnables: Runnable[] = [];
  for (const block of blocksOf(page)) {
    const {line, directives} = block;
    const language = LANGUAGES[block.language] as Runnable['language'] | undefined;
    if (directives.skip !== undefined) continue;
    if (language === undefined) {
      if (block.language === 'json') JSON.parse(block.code);
      if (SHOWN.has(block.language)) continue;
      throw new Error(
        `${placeOf(block)}: nobody knows how to run '${block.language}': name another language, or skip it with a reason`,
      );
    }
    if (directives.continues === undefined) {
      runnables.push({page: page.name, line, language, blocks: [block]});
      continue;
    }
    const last = runnables.pop();
    if (last?.language !== language || language === 'sh') throw new Error(`${placeOf(block)}: there is no module to continue`);
    runnables.push({...last, blocks: [...last.blocks, block]});
  }
  return runnables;
}

/** The files that the blocks of a page are, by their names. */
export function filesOf(page: Page): Record<string, string> {
  return Object.fromEntries(blocksOf(page).flatMap(({directives: {file}, code}) => (file === undefined ? [] : [[file, code]])));
}

/** The text of a module, each line of it with the number that it has on the page. */
function moduleText({blocks}: Runnable): string {
  const lines: string[] = [];
  for (const {line, code} of blocks) {
    while (lines.length < line - 1) lines.push('');
    lines.push(...code.trimEnd().split('\n'));
  }
  return `${lines.join('\n')}\n`;
}

/** A folder in which the package can be imported, and its command called. */
export class ReaderFolder {
  private readonly bin: string;

  /** @param folder is empty. */
  constructor(private readonly folder: string) {
    fs.mkdirSync(path.join(folder, 'node_modules'));
    fs.symlinkSync(ROOT, path.join(folder, 'node_modules', 'dinf-grid'));
    this.bin = path.join(folder, 'bin');
    fs.mkdirSync(this.bin);
    const main = path.join(ROOT, 'dist', 'cli', 'main.js');
    fs.writeFileSync(path.join(this.bin, 'dinf-grid'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, {mode: 0o755});
    fs.writeFileSync(path.join(this.bin, 'npx'), '#!/bin/sh\nexec "$@"\n', {mode: 0o755});
  }

  /** The folder that the blocks of a page share, made with these files in it. */
  pageFolder(page: string, files: Readonly<Record<string, string | Uint8Array>> = {}): string {
    const folder = path.join(this.folder, page.replace(/\W+/g, '-'));
    if (!fs.existsSync(folder)) {
      fs.mkdirSync(folder);
      fs.symlinkSync(path.join(ROOT, 'examples'), path.join(folder, 'examples'));
    }
    for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), content);
    return folder;
  }

  /** What the compiler says of the TypeScript among them, with its place on the page. */
  typeErrors(runnables: readonly Runnable[]): string[] {
    const files = new Map<string, Runnable>();
    for (const runnable of runnables) {
      if (runnable.language !== 'ts') continue;
      const file = path.join(this.pageFolder(runnable.page), `${runnable.line}.mts`);
      fs.writeFileSync(file, moduleText(runnable));
      files.set(file, runnable);
    }
    const program = ts.createProgram([...files.keys()], {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      strict: true,
      skipLibCheck: true, // test/types looks at those of the package
      noEmit: true,
      typeRoots: [path.join(ROOT, 'node_modules', '@types')],
      types: ['node'],
    });
    return ts.getPreEmitDiagnostics(program).map(({file, start, messageText}) => {
      const runnable = files.get(file?.fileName ?? '');
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
      return `${runnable?.page ?? file?.fileName ?? ''}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  }

  /** @throws Error with its place, for whatever does not do what it should */
  async run(runnable: Runnable): Promise<void> {
    if (runnable.language !== 'sh') return this.runModule(runnable);
    for (const command of commandsOf(runnable.blocks[0])) await this.runCommand(command, runnable);
  }

  private async runModule(runnable: Runnable): Promise<void> {
    const folder = this.pageFolder(runnable.page);
    const file = path.join(folder, `${runnable.line}.mjs`);
    // What the readers' Node need not know, `using` for one, is written out.
    const {code} = await transform(moduleText(runnable), {
      filename: path.join(ROOT, runnable.page),
      sourceMaps: 'inline',
      jsc: {
        parser: runnable.language === 'ts' ? {syntax: 'typescript'} : {syntax: 'ecmascript'},
        target: runnable.language === 'ts' ? 'es2022' : 'esnext',
      },
      module: {type: 'es6'},
      configFile: false,
      swcrc: false,
    });
    fs.writeFileSync(file, code);
    const {status, output} = await this.call(folder, process.execPath, ['--enable-source-maps', file]);
    if (status !== 0) throw new Error(`${placeOf(runnable)}: this module failed\n${output}`);
  }

  private async runCommand({text, expected, line}: Command, {page}: Runnable): Promise<void> {
    const {status, output} = await this.call(this.pageFolder(page), 'sh', ['-c', text]);
    if (!expected.includes(status)) {
      throw new Error(`${page}:${line}: exit code ${status}, and not ${expected.join(' or ')}, of\n${text}\n${output}`);
    }
  }

  private async call(folder: string, file: string, args: readonly string[]): Promise<{status: number; output: string}> {
    const PATH = `${this.bin}${path.delimiter}${process.env.PATH ?? ''}`;
    const child = spawn(file, args, {cwd: folder, env: {...process.env, PATH}, stdio: ['ignore', 'pipe', 'pipe']});
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
    const status = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        resolve(code ?? -1);
      });
    });
    return {status, output};
  }
}

interface Command {
  readonly text: string;
  readonly line: number;
  readonly expected: readonly number[];
}

/** The commands of a block, with what its comments add to them. */
function commandsOf(block: Block): Command[] {
  const {append = '', exit = '0'} = block.directives;
  const commands: {text: string; line: number}[] = [];
  let open = false;
  for (const [i, whole] of block.code.split('\n').entries()) {
    const line = whole.replace(/(^|\s+)#\s.*$/, '').trim();
    const text = line.replace(/\\$/, ' ');
    if (open) commands[commands.length - 1].text += text;
    else if (line !== '') commands.push({text, line: block.line + i});
    open = line.endsWith('\\');
  }
  const parts = append.split('|').map((part) => part.trim());
  if (parts.length > 1 && parts.length !== commands.length)
    throw new Error(`${placeOf(block)}: ${parts.length} parts to append to ${commands.length} commands`);
  const expected = exit.split(' or ').map(Number);
  return commands.map(({text, line}, i) => {
    if (!/^(npx )?dinf-grid |^node /.test(text))
      throw new Error(`${block.page}:${line}: only dinf-grid and node are run: skip a block of other commands with a reason`);
    return {text: `${text} ${parts.length > 1 ? parts[i] : parts[0]}`.trim(), line, expected};
  });
}
