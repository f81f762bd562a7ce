/** What the tests of the documentation read of its pages. */
import {readFileSync} from 'node:fs';
import * as path from 'node:path';

export const ROOT = path.join(__dirname, '..', '..');

/** A page, by its path from the root of the repository. */
export interface Page {
  readonly name: string;
  readonly text: string;
}

export const readPage = (name: string): Page => ({name, text: readFileSync(path.join(ROOT, name), 'utf8')});

/** What a comment right before a block says of it; CONTRIBUTING.md describes each. */
const DIRECTIVES = ['skip', 'continues', 'append', 'exit', 'file'] as const;
export type Directives = Partial<Record<(typeof DIRECTIVES)[number], string>>;

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Of its first line of code, counted from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  readonly directives: Directives;
}

/** Where something stands, as editors open it. */
export const placeOf = ({page, line}: Pick<Block, 'page' | 'line'>): string => `${page}:${line}`;

/** @throws Error for a directive that is not known, or a block that does not end */
export function blocksOf({name, text}: Page): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let directives: Directives = {};
  for (let i = 0; i < lines.length; i++) {
    const [, fence, language] = (/^(`{3,})(\w*)\s*$/.exec(lines[i]) ?? []) as (string | undefined)[];
    if (fence === undefined) {
      directives = {...(isBetween(lines[i]) ? directives : {}), ...directiveOf(lines[i])};
      continue;
    }
    const end = lines.indexOf(fence, i + 1);
    if (end < 0) throw new Error(`${name}:${i + 1}: this block does not end`);
    checkKnown(directives, `${name}:${i + 1}`);
    blocks.push({page: name, line: i + 2, language: language!, code: `${lines.slice(i + 1, end).join('\n')}\n`, directives});
    directives = {};
    i = end;
  }
  return blocks;
}

/** Comments and empty lines stand between a directive and its block. */
const isBetween = (line: string): boolean => line.trim() === '' || line.startsWith('<!--');

function directiveOf(line: string): Record<string, string> {
  const [, key, value] = (/^<!-- ([\w-]+)(?::\s*(.*?))?\s*-->$/.exec(line) ?? []) as (string | undefined)[];
  return key === undefined ? {} : {[key]: value ?? ''};
}

function checkKnown(directives: Readonly<Record<string, string>>, place: string): void {
  for (const [key, value] of Object.entries(directives)) {
    if (!(DIRECTIVES as readonly string[]).includes(key))
      throw new Error(`${place}: there is no '${key}' for a block; there are ${DIRECTIVES.join(', ')}`);
    if (key !== 'continues' && value === '') throw new Error(`${place}: '${key}' says nothing: write <!-- ${key}: ... -->`);
  }
}

/** A page without its blocks and code, line by line. */
export function proseOf({text}: Page): string[] {
  let fence: string | undefined;
  return text.split('\n').map((line) => {
    const [mark] = (/^`{3,}/.exec(line) ?? []) as (string | undefined)[];
    if (fence !== undefined) {
      if (line.trim() === fence) fence = undefined;
      return '';
    }
    fence = mark;
    return mark === undefined ? line.replace(/`[^`]*`/g, (code) => '`'.repeat(code.length)) : '';
  });
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: Page): Set<string> {
  const anchors = new Set<string>();
  const lines = page.text.split('\n');
  for (const [i, prose] of proseOf(page).entries()) {
    const [, heading] = (/^#{1,6} (.*)$/.exec(prose === '' ? '' : lines[i]) ?? []) as (string | undefined)[];
    if (heading === undefined) continue;
    const slug = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}
