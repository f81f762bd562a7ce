/** The WebAssembly build in a browser's tab: an image from its gradient, an equation, and the demonstration page. */
import * as path from 'node:path';
import {BROWSER, inBrowser} from './in-browser';
import {BUILT, describeBuilt, ROOT} from './built';

const FOLDERS = {'/wasm/': BUILT};
const DEMO = path.join(ROOT, 'docs', 'demo');

if (BROWSER === undefined) test.skip('there is no Chromium on PATH; DINF_TEST_BROWSER may name one', () => undefined);

(BROWSER === undefined ? () => undefined : describeBuilt)('WebAssembly in a browser', () => {
  it('reconstructs an image of 512 × 512 pixels from its gradient', async () => {
    const found: {psnr: number; seconds: number; notes: string[]; info: {instructionSet: string}} = await inBrowser(
      `import {info, poisson, ready} from '/wasm/browser.mjs';
      export default async () => {
        await ready();
        const posed = await poisson();
        const began = performance.now();
        const solution = await posed.solve();
        const seconds = (performance.now() - began) / 1000;
        const {metrics} = await posed.assess(solution);
        return {psnr: metrics.psnr, seconds, notes: solution.notes, info: info()};
      };`,
      FOLDERS,
    );
    expect(found.psnr).toBeGreaterThan(32);
    expect(found.notes[0]).toContain('WebAssembly on one thread');
    expect(found.info.instructionSet).toBe('wasm-simd128');
    // 2 s on a machine of its own; here other tests run beside it.
    expect(found.seconds).toBeLessThan(10);
  });

  it('solves an equation to its tolerance, and has no files', async () => {
    const found: {met: boolean; middle: number; saved: {code: string; message: string}; early: {code: string}} = await inBrowser(
      `import {equation, ready} from '/wasm/browser.mjs';
      const failure = (work) => work.then(() => undefined, ({code, message}) => ({code, message}));
      export default async () => {
        const posed = await equation({equations: ['u_xx = -2'], domain: 'x=0..1', where: ['x=0|x=1: u=0']});
        const early = await failure(posed.solve());
        await ready();
        const solution = await posed.solve();
        const {u: [middle]} = await solution.evaluate([0.5]);
        return {met: solution.errorEstimate.met, middle, saved: await failure(solution.save('u.safetensors')), early};
      };`,
      FOLDERS,
    );
    expect(found).toMatchObject({
      met: true,
      early: {code: 'NO_NATIVE_BUILD', message: expect.stringContaining('await ready() first')},
    });
    expect(found.middle).toBeCloseTo(0.25, 8);
    expect(found.saved).toMatchObject({code: 'FILE_UNWRITABLE', message: expect.stringContaining('no files in a browser')});
  });

  describe('the demonstration page', () => {
    const page = path.join(DEMO, 'index.html');
    const folders = {'/': `${DEMO}/`, '/dinf-grid/': `${BUILT}/`};
    const helpers = `
      const element = (name) => document.getElementById(name);
      const until = async (holds, what) => {
        for (const began = performance.now(); !holds(); await new Promise((done) => setTimeout(done, 20)))
          if (performance.now() - began > 30000) throw new Error('not within 30 s: ' + what + '; ' + element('status').textContent);
      };
      const type = (name, text) => {
        element(name).value = text;
        element(name).dispatchEvent(new Event('input', {bubbles: true}));
      };
      const solve = () => element('form').requestSubmit();`;

    it('solves what is typed, and shows it', async () => {
      const found: {verdict: string; readout: string; coloured: boolean; notes: string} = await inBrowser(
        `${helpers}
        export default async () => {
          type('equations', 'laplacian(u) = -2*pi^2*sin(pi*x)*sin(pi*y)');
          type('domain', 'x=0..1, y=0..1');
          type('where', 'x=0|x=1|y=0|y=1: u=0');
          solve();
          await until(() => !element('answer').hidden, 'an answer');
          const {width, height} = element('picture');
          const pixel = element('picture').getContext('2d').getImageData(width / 2, height / 2, 1, 1).data;
          return {
            verdict: element('verdict').textContent,
            readout: element('readout').textContent,
            coloured: pixel[3] === 255 && pixel[0] !== pixel[2],
            notes: element('notes').textContent,
          };
        };`,
        folders,
        {page},
      );
      expect(found.verdict).toMatch(/^Resolved: estimated error .* 1e-4 was asked for\.$/);
      expect(found.readout).toMatch(/^u from 0 to 1(\.0+1)?$/);
      expect(found.coloured).toBe(true);
      expect(found.notes).toContain('WebAssembly');
    });

    it('shows errors as they are worded, and can be cancelled', async () => {
      const found: {message: string; code: string; cancelled: string; after: string} = await inBrowser(
        `${helpers}
        export default async () => {
          type('equations', 'u_xx + sni(x) = 0');
          type('domain', 'x=0..1');
          type('where', 'x=0|x=1: u=0');
          solve();
          await until(() => !element('problem').hidden, 'an error');
          const [message, code] = [element('message').textContent, element('code').textContent];
          // Minutes of work.
          type('equations', 'u_tt = u_xx');
          type('domain', 't=0..200, x=0..1');
          type('where', 't=0: u=exp(-2000*(x-0.3)^2)\\nt=0: u_t=0\\nx=0|x=1: u=0');
          type('tolerance', '1e-8');
          type('seconds', '600');
          solve();
          await until(() => element('status').textContent.startsWith('Solving'), 'progress');
          element('cancel').click();
          const cancelled = element('status').textContent;
          type('equations', 'u_x = -u');
          type('domain', 'x=0..1');
          type('where', 'x=0: u=1');
          solve();
          await until(() => !element('answer').hidden, 'an answer after that');
          return {message, code, cancelled, after: element('readout').textContent};
        };`,
        folders,
        {page},
      );
      expect(found).toMatchObject({code: 'UNKNOWN_SYMBOL', cancelled: 'Cancelled.', after: 'u from 0.3679 to 1'});
      expect(found.message).toContain('did you mean sin?');
    });
  });
});
