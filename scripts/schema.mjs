// Writes what TypeScript and C++ must agree on, from schema/schema.json into both languages:
//
//   node scripts/schema.mjs           writes lib/schema.ts and native/math/schema.h
//   node scripts/schema.mjs --check   writes nothing, and fails where they are not what would be written
import * as fs from 'node:fs';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const MADE = 'Made by `node scripts/schema.mjs` from schema/schema.json: change that file, and run it again.';
const WIDTH = 130;

/** Lines of at most WIDTH columns, each behind `prefix`. */
function wrap(text, prefix) {
  const lines = [];
  let line = prefix;
  for (const word of text.split(' ')) {
    if (line.length > prefix.length && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = prefix;
    }
    line += line.length > prefix.length ? ` ${word}` : word;
  }
  return [...lines, line];
}

/** A doc comment of TypeScript, on one line where it fits. */
function docComment(text, indent = '') {
  const one = `${indent}/** ${text} */`;
  return one.length <= WIDTH ? [one] : [`${indent}/**`, ...wrap(text, `${indent} * `), `${indent} */`];
}

/** The values of a table that have a number of their own, and every name's number. */
function numbered({key, values}) {
  const own = values.filter(({same}) => same === undefined);
  const numbers = new Map(own.map(({name}, number) => [name, number]));
  for (const {name, same} of values) {
    if (same === undefined) continue;
    if (!numbers.has(same)) throw new Error(`schema.json: ${key}: ${name} is the same as ${same}, which is not there`);
    numbers.set(name, numbers.get(same));
  }
  if (numbers.size !== values.length) throw new Error(`schema.json: ${key}: a name is there twice`);
  return {own, numbers};
}

const property = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`);

function typescriptTable(table) {
  const {values, doc, byName} = table;
  const {table: name, type, arities} = table.typescript;
  const {numbers} = numbered(table);
  const entries = (text) => values.flatMap((value) => [...docComment(value.doc, '  '), `  ${text(value)},`]);
  const lines = [...docComment(doc)];
  if (byName) {
    lines.push(`export const ${name} = [`, ...entries((value) => `'${value.name}'`), '] as const;');
    lines.push('', `/** An entry of {@link ${name}}. */`, `export type ${type} = (typeof ${name})[number];`);
    return lines;
  }
  lines.push(
    `export const ${name} = {`,
    ...entries((value) => `${property(value.name)}: ${numbers.get(value.name)}`),
    '} as const;',
  );
  lines.push('', `/** A name in {@link ${name}}. */`, `export type ${type} = keyof typeof ${name};`);
  if (arities !== undefined) {
    lines.push('', `/** Number of operands of each of {@link ${name}}. */`, `export const ${arities} = {`);
    lines.push(...values.map((value) => `  ${property(value.name)}: ${value.arity},`));
    lines.push(`} as const satisfies Record<${type}, number>;`);
  }
  return lines;
}

function typescript({constants, tables}) {
  const tableOf = (table) => `  ${table.key}: ${table.typescript.table},`;
  return [
    '/**',
    ' * What TypeScript and C++ must agree on.',
    ' *',
    ...wrap(MADE, ' * '),
    ' */',
    ...constants.flatMap((constant) => [
      '',
      ...docComment(constant.doc),
      `export const ${constant.typescript} = ${constant.value};`,
    ]),
    ...tables.flatMap((table) => ['', ...typescriptTable(table)]),
    '',
    '/** All of it, in the shape that the addon gives as `buildInfo().schema`: a binary of another schema is noticed. */',
    'export const SCHEMA = {',
    ...constants.map((constant) => `  ${constant.key}: ${constant.typescript},`),
    ...tables.map(tableOf),
    '} as const;',
    '',
  ].join('\n');
}

/** A value's name in C++: its own, but where that is a word of the language. */
const cppName = (value) => camel(value.cpp ?? value.name);

/** `InverseQuadratic` of INVERSE_QUADRATIC and inverse-quadratic, its first letter small. */
const camel = (name) =>
  (/^[A-Z_]+$/.test(name) ? name.toLowerCase() : name).replace(/[-_](\w)/g, (_, letter) => letter.toUpperCase());

function cppTable(table) {
  const {doc} = table;
  const {enum: name, underlying = 'int', names, count, arity, only} = table.cpp;
  const {own, numbers} = numbered(table);
  const values = own.filter((value) => only === undefined || value[only]);
  const lines = [...wrap(doc, '// '), `enum class ${name} : ${underlying} {`];
  const numberOf = (value) => (only === undefined ? numbers.get(value.name) : values.indexOf(value));
  for (const value of values) {
    const line = `  ${cppName(value)} = ${numberOf(value)},`;
    const comment = `${line}  // ${value.doc}`;
    lines.push(...(comment.length <= WIDTH ? [comment] : [...wrap(value.doc, '  // '), line]));
  }
  lines.push('};');
  lines.push(`constexpr int ${count ?? `k${name}Count`} = ${values.length};`);
  if (names !== undefined) {
    lines.push(`inline constexpr const char* ${names}[] = {${values.map((value) => `"${value.name}"`).join(', ')}};`);
    lines.push(`constexpr const char* nameOf(${name} value) { return ${names}[static_cast<int>(value)]; }`);
  }
  if (arity !== undefined) {
    lines.push('// Number of operands.', `constexpr int ${arity}(${name} value) {`, '  switch (value) {');
    for (const number of [...new Set(values.map((value) => value.arity))].sort()) {
      lines.push(
        ...wrapCases(values.filter((value) => value.arity === number).map((value) => `case ${name}::${cppName(value)}:`)),
      );
      lines.push(`      return ${number};`);
    }
    lines.push('  }', '  return 0;', '}');
  }
  return lines;
}

/** Case labels, as many a line as fit. */
const wrapCases = (labels) =>
  wrap(labels.map((label) => label.replace(' ', '\0')).join(' '), '    ').map((line) => line.replaceAll('\0', ' '));

/** The schema as the addon shows it: names and numbers without their docs. */
function schemaText({constants, tables}) {
  const value = Object.fromEntries([
    ...constants.map((constant) => [constant.key, constant.value]),
    ...tables.map((table) => [
      table.key,
      table.byName ? table.values.map(({name}) => name) : Object.fromEntries(numbered(table).numbers),
    ]),
  ]);
  return JSON.stringify(value);
}

/** A string literal of C++ in pieces, a line each. */
function literal(text) {
  const pieces = text.match(/.{1,110}/g);
  return pieces.map((piece, i) => `    R"(${piece})"${i + 1 === pieces.length ? ';' : ''}`);
}

function cpp(schema) {
  return [
    ...wrap('What TypeScript and C++ must agree on. Plain enough for device code.', '// '),
    '//',
    ...wrap(MADE, '// '),
    '#pragma once',
    '#include <cstdint>',
    '',
    'namespace dinf {',
    ...schema.constants.flatMap((constant) => ['', `// ${constant.doc}`, `constexpr int ${constant.cpp} = ${constant.value};`]),
    ...schema.tables.flatMap((table) => ['', ...cppTable(table)]),
    '',
    ...wrap(
      'All of it as JSON, which `buildInfo` shows: lib/ compares it with its own, so that a binary of another schema is noticed.',
      '// ',
    ),
    'inline constexpr const char* kSchema =',
    ...literal(schemaText(schema)),
    '',
    '}  // namespace dinf',
    '',
  ].join('\n');
}

const options = process.argv.slice(2);
if (options.length > 1 || (options.length === 1 && options[0] !== '--check')) {
  console.error('usage: node scripts/schema.mjs [--check]');
  process.exit(2);
}
const schema = JSON.parse(fs.readFileSync(path.join(root, 'schema', 'schema.json'), 'utf8'));
const files = {'lib/schema.ts': typescript(schema), 'native/math/schema.h': cpp(schema)};
let stale = 0;
for (const [name, text] of Object.entries(files)) {
  const file = path.join(root, name);
  if (options.length === 0) fs.writeFileSync(file, text);
  else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
    console.error(`${name} is not what schema/schema.json says: run 'node scripts/schema.mjs', build again, and commit both`);
    stale++;
  }
}
process.exit(stale > 0 ? 1 : 0);
