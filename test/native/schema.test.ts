/** TypeScript and C++ number the same things alike. */
import {spawnSync} from 'node:child_process';
import * as path from 'node:path';
import {arity} from '../../lib/expression/operators';
import {addon} from '../../lib/native';
import {OPCODE_ARITIES, OPCODES, SCHEMA} from '../../lib/schema';

const root = path.join(__dirname, '..', '..');

describe('the schema', () => {
  it('is what lib/schema.ts and native/math/schema.h were made from', () => {
    const {status, stderr} = spawnSync(process.execPath, [path.join(root, 'scripts', 'schema.mjs'), '--check'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('is what the addon was built with', () => {
    const {schema} = addon().buildInfo() as unknown as {schema: string};
    expect(JSON.parse(schema)).toEqual(SCHEMA);
  });

  it('numbers the values of a table from 0 on', () => {
    for (const table of Object.values(SCHEMA)) {
      if (typeof table !== 'object' || Array.isArray(table)) continue;
      const numbers = [...new Set(Object.values(table as Record<string, number>))];
      expect(numbers).toEqual(numbers.map((_, i) => i));
    }
  });

  it('knows the operands of every operator', () => {
    for (const name of Object.keys(OPCODES) as (keyof typeof OPCODES)[]) {
      if (name === 'store' || name === 'sum') expect(OPCODE_ARITIES[name]).toBe(1);
      else expect(OPCODE_ARITIES[name]).toBe(arity(name));
    }
  });
});
