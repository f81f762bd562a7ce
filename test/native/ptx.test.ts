/** The translator of nvcc's PTX, where the kernels themselves would not show what it makes of a case. */
import {execFileSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {temporaryFolder} from '../support/temporary-folder';

const script = path.join(__dirname, '..', '..', 'scripts', 'ptx-to-cpp.mjs');
const folder = temporaryFolder();

/** C++ of a kernel with this body. */
function translate(body: string, declarations = ''): string {
  const [from, to] = [path.join(folder, 'kernel.ptx'), path.join(folder, 'kernel.cpp')];
  const name = '_ZN4dinf25_GLOBAL__N__0a_1_k_cu_b_76kernelEPf';
  fs.writeFileSync(
    from,
    `.version 9.0\n.target sm_90\n${declarations}\n.entry ${name}(\n.param .u64 ${name}_param_0\n)\n{\n${body}\nret;\n}\n`,
  );
  execFileSync(process.execPath, [script, from, to], {stdio: 'pipe'});
  return fs.readFileSync(to, 'utf8');
}

test('names the kernel as g++ does', () => {
  expect(translate('')).toContain('{"_ZN4dinf12_GLOBAL__N_16kernelEPf", ');
});

test('keeps a register of a scope apart from the one that it hides', () => {
  const text = translate('.reg .b32 %r<3>;\nmov.u32 %r1, 7;\n{\n.reg .u32 %r1;\nmov.u32 %r1, 8;\n}\nmov.u32 %r2, %r1;');
  expect(text).toMatch(/r1 = 7u;\s*{\s*r1_u32 = 8u;\s*}\s*r2 = r1;/);
});

test('lays out the shared memory of each kernel, the dynamic array behind it', () => {
  const declarations = [
    '.shared .align 1 .u8 flag;',
    '.shared .align 8 .b8 sums[64];',
    '.extern .shared .align 16 .b8 more[];',
    '.shared .align 4 .b8 unused[4];',
  ];
  const text = translate('.reg .b32 %r<4>;\nmov.u32 %r1, flag;\nmov.u32 %r2, sums;\nmov.u32 %r3, more;', declarations.join('\n'));
  expect(text).toMatch(/r1 = uint32_t\(uint64_t\(0\)\);\s*r2 = uint32_t\(uint64_t\(8\)\);\s*r3 = uint32_t\(uint64_t\(80\)\);/);
});

test.each([
  ['an instruction', 'frobnicate.u32 %r1, %r1;'],
  ['a rounding', 'add.rz.f32 %f1, %f1, %f1;'],
  ['a barrier of a part of the block', 'bar.sync 1, 64;'],
  ['a register', 'mov.u32 %q1, 7;'],
])('stops at %s that it does not know, and says where', (_what, instruction) => {
  expect(() => translate(`.reg .b32 %r<2>;\n.reg .f32 %f<2>;\n${instruction}`)).toThrow(
    /kernel\.ptx: line 10, _ZN4dinf12_GLOBAL__N_16kernelEPf: /,
  );
});
