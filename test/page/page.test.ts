/** The live page in a headless browser, against a service that solves for real. DINF_PAGE_SCREENSHOTS names a folder for pictures of it. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type {Browser, BrowserContextOptions, Page} from 'playwright-core';
import {chromium} from 'playwright-core';
import {readNpy} from '../../lib/files/npy';
import {BROWSER} from '../wasm/in-browser';
import type {StandIn} from './stand-in';
import {standIn} from './stand-in';

const SHOTS = process.env.DINF_PAGE_SCREENSHOTS;

if (BROWSER === undefined) test.skip('there is no Chromium on PATH; DINF_TEST_BROWSER may name one', () => undefined);

(BROWSER === undefined ? describe.skip : describe)('the live page', () => {
  let browser: Browser;
  let service: StandIn;
  const open: Page[] = [];
  /** Errors of the console, of scripts and of the policy for contents: there are to be none but those of refused requests. */
  let complaints: string[];

  beforeAll(async () => {
    [browser, service] = await Promise.all([
      chromium.launch({executablePath: BROWSER, args: ['--no-sandbox', '--disable-gpu']}),
      standIn(),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
  });
  beforeEach(() => {
    complaints = [];
    service.token = undefined;
    service.busy = 0;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((page) => page.context().close()));
    expect(complaints).toEqual([]);
  });

  async function visit(options: BrowserContextOptions = {}, hash = ''): Promise<Page> {
    const context = await browser.newContext({viewport: {width: 1360, height: 900}, acceptDownloads: true, ...options});
    const page = await context.newPage();
    open.push(page);
    page.on('console', (message) => {
      // The browser itself tells of every answer of 400 and more.
      if (message.type() === 'error' && !/status of (400|401|429)|ERR_INTERNET_DISCONNECTED/.test(message.text()))
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective}`));
    });
    await page.goto(service.address + hash);
    return page;
  }

  async function shot(page: Page, name: string): Promise<void> {
    if (SHOTS === undefined) return;
    fs.mkdirSync(SHOTS, {recursive: true});
    await page.screenshot({path: path.join(SHOTS, `${name}.png`), fullPage: true});
  }

  const start = (page: Page, title: string): Promise<unknown> => page.getByLabel('Start from').selectOption({label: title});
  const math = (page: Page): Promise<void> => page.locator('#math:not(.stale) math').first().waitFor();
  const solved = async (page: Page): Promise<void> => {
    await page.locator('#downloads, .error:not([hidden])').first().waitFor({timeout: 50_000});
    expect(await page.locator('.error:not([hidden])').allInnerTexts()).toEqual([]);
  };
  /** Minutes of work. */
  const long = async (page: Page): Promise<void> => {
    await page.getByLabel('Equations').fill('u_tt = u_xx');
    await page.getByLabel('Domain').fill('t=0..200, x=0..1');
    await page.getByLabel('Conditions on faces').fill('t=0: u=exp(-2000*(x-0.3)^2)\nt=0: u_t=0\nx=0|x=1: u=0');
  };
  const isWide = (page: Page): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  it('sets an equation in mathematics as it is typed, and solves it', async () => {
    const page = await visit();
    await page.getByLabel('Equations').fill('u_xx + k*u = -2');
    await page.getByLabel('Domain').fill('x=0..1');
    await page.getByLabel('Conditions on faces').fill('x=0|x=1: u=0');
    await page.getByLabel('Numbers by name').fill('k=0');
    await page.locator('#math msub').first().waitFor();
    expect(await page.locator('#math math').count()).toBe(2);
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    expect(await page.locator('#verdict').innerText()).toMatch(/^Met\s+estimated relative error .*10⁻⁴ was wanted/s);
    expect(await page.locator('.readout').first().innerText()).toBe('u from 0 to 0.25');
    await shot(page, 'curve');
  });

  it('shows a field of two coordinates with numbers under the pointer and the keys', async () => {
    const page = await visit();
    await page.locator('#math math').first().waitFor();
    await page.keyboard.press('Control+Enter');
    await solved(page);
    await shot(page, 'desktop-light');
    await page.locator('.over').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.readout').innerText()).toMatch(/^x = 0\.03125, y = 0: {1,2}u = 0\.515951/);
    const box = (await page.locator('.over').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
    expect(await page.locator('.readout').innerText()).toMatch(/^x = .*, y = 0\.\d+: {1,2}u = 0\.\d+$/);
    await shot(page, 'pointer');
  });

  it('shows several curves of one coordinate, and slices of three', async () => {
    const page = await visit();
    await start(page, 'An epidemic');
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    expect(await page.locator('#view').getByLabel('Show').innerText()).toBe('s, i\ns\ni\nresidual');
    expect(await page.locator('.readout').innerText()).toMatch(/^s from 0\.0\d+ to 0\.999; i from \S+ to 0\.4036$/);
    await shot(page, 'epidemic');

    await start(page, 'A warm cube');
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    expect(await page.locator('.slice output').innerText()).toBe('z = 0.5');
    await page.getByLabel('Place of the slice').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.slice output').innerText()).toBe('z = 0.5313');
    await page.getByLabel('Slice at').selectOption({label: 'x'});
    expect(await page.locator('.slice output').innerText()).toBe('x = 0.5');
    await shot(page, 'cube');
  });

  it('compares with a known answer', async () => {
    const page = await visit();
    await start(page, 'Heat in a rod, with its known answer');
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    await page.locator('#view').getByLabel('Show').selectOption({label: 'error of u'});
    const facts = await page.locator('#facts').innerText();
    const measured = /error of u \(RMS\), measured\s+(\S+)/.exec(facts)?.[1];
    expect(measured).toMatch(/10⁻(¹.|[⁵⁶⁷⁸⁹])/u);
    await shot(page, 'known-answer');
  });

  it('says what is not resolved, and why', async () => {
    const page = await visit();
    await page.getByLabel('Equations').fill('u_x = 1');
    await page.getByLabel('Domain').fill('x=0..1');
    await page.getByLabel('Conditions on faces').fill('x=0|x=1: u=0');
    await page.getByText('How it is solved').click();
    await page.getByLabel('Cells').fill('64');
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    expect(await page.locator('#status').innerText()).toMatch(/^Ended after/);
    expect(await page.locator('#verdict').innerText()).toMatch(/^Not resolved/);
    expect(await page.locator('#notes li').count()).toBeGreaterThan(0);
    expect(await page.locator('#announce').innerText()).toContain('Not resolved');
    await shot(page, 'not-resolved');
  });

  it('says an error beside the field that it is about, in the words of the package', async () => {
    const page = await visit();
    await math(page);
    const says = (id: string, text: string): Promise<void> =>
      page.locator(`#${id}-error:not([hidden])`, {hasText: text}).waitFor({timeout: 5000});
    await page.getByLabel('Equations').fill('u_xx + sni(x) = 0');
    await says('equation', 'unknown function sni');
    expect(await page.locator('#equation-error').innerText()).toBe(
      'unknown function sni, did you mean sin? (line 1, column 8)\n  u_xx + sni(x) = 0\n         ^',
    );
    expect(await page.getByLabel('Equations').getAttribute('aria-invalid')).toBe('true');
    await shot(page, 'error');
    // Solving shows it again and goes there.
    await page.getByLabel('Domain').focus();
    await page.keyboard.press('Control+Enter');
    await page.locator('#status', {hasText: 'Not solved'}).waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('equation');
    await page.getByLabel('Equations').fill('u_xx + u_yy = 0');
    await page.getByLabel('Conditions on faces').fill('x=2: u=0');
    await says('where', 'x=2 is no face of the domain');
    await page.getByLabel('Conditions on faces').fill('x=-1|x=1: u=sin(q)');
    await says('where', 'unknown symbol q');
    await page.getByLabel('Conditions on faces').fill('x=-1|x=1: u=0');
    await page.getByLabel('Domain').fill('x=1..0, y=0..1');
    await says('domain', 'the domain is empty');
    await page.getByLabel('Domain').fill('x=-1..1, y=0..1');
    await page.getByText('How it is solved').click();
    await page.getByLabel('Kernel of the grid').fill('bspline:4');
    await says('kernel', 'bspline');
    await page.getByLabel('Kernel of the grid').fill('');
    await page.getByLabel('Numbers by name').fill('a 3');
    await says('uniform', 'a 3 is no NAME=NUMBER');
    await page.getByLabel('Numbers by name').fill('');
    await page.locator('.error:not([hidden])').first().waitFor({state: 'detached'});
    await math(page);
  });

  it('is cancelled by a key, and the service hears of it', async () => {
    const page = await visit();
    await long(page);
    await page.keyboard.press('Control+Enter');
    await page.locator('#status', {hasText: /^Solving: .*iteration/}).waitFor({timeout: 30_000});
    await shot(page, 'running');
    const before = service.left;
    await page.keyboard.press('Escape');
    await page.locator('#status', {hasText: /^Cancelled after \d/}).waitFor();
    expect(await page.locator('#announce').innerText()).toBe('Cancelled');
    await expect(page.getByRole('button', {name: /^Cancel/}).isDisabled()).resolves.toBe(true);
    while (service.left === before) await page.waitForTimeout(50);
  });

  it('shows the field while it is solved', async () => {
    const page = await visit();
    await math(page);
    await page.getByRole('button', {name: /^Solve/}).click();
    await page.locator('#facts', {hasText: 'residual (RMS), so far'}).waitFor();
    await solved(page);
  });

  it('is worked by keys alone', async () => {
    const page = await visit();
    await math(page);
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '');
    const reached: string[] = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const id = await focused();
      if (id !== '') reached.push(id);
      const seen = await page.evaluate(() => {
        const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement!);
        return document.activeElement === document.body || (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1);
      });
      expect([id, seen]).toEqual([id, true]);
    }
    for (const id of ['start', 'equation', 'domain', 'where', 'uniform', 'solve', 'copy-link', 'math', 'compare']) {
      expect(reached).toContain(id);
    }
    await page.getByLabel('Equations').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('u_xx = -2');
    await page.keyboard.press('Tab');
    await page.keyboard.type('x=0..1');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('x=0|x=1: u=0');
    await page.keyboard.press('Control+Enter');
    await solved(page);
    expect(await page.locator('#announce').innerText()).toMatch(/^Solved in .* Met: estimated relative error/);
    while ((await page.evaluate(() => document.activeElement?.className)) !== 'over') await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.readout').innerText()).toBe('x = 0.5039: u = 0.249985');
  });

  it('fits a phone of 360 pixels', async () => {
    const page = await visit({viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true, deviceScaleFactor: 2});
    await math(page);
    expect(await isWide(page)).toBeLessThanOrEqual(0);
    await page.getByText('How it is solved').click();
    await page.getByText('More of the problem').click();
    expect(await isWide(page)).toBeLessThanOrEqual(0);
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    await page.waitForFunction(() => Math.abs(document.getElementById('solution')!.getBoundingClientRect().top) < 4);
    expect(await isWide(page)).toBeLessThanOrEqual(0);
    await shot(page, 'phone');
    await page.getByLabel('Equations').fill('u_xx + sni(x)*averyverylongnameofsomethingthatdoesnotexistanywhere = 0');
    await page.locator('#equation-error:not([hidden])').waitFor();
    expect(await isWide(page)).toBeLessThanOrEqual(0);
    await start(page, 'Poisson: a membrane under its load');
    await page.locator('#compare-seconds').fill('1');
    await page.getByRole('button', {name: 'Compare'}).click();
    await page.locator('#announce', {hasText: /^Compared/}).waitFor({timeout: 50_000});
    expect(await isWide(page)).toBeLessThanOrEqual(0);
    await shot(page, 'phone-comparison');
  });

  it('is dark where the reader wants it, with text that can be read', async () => {
    const page = await visit({colorScheme: 'dark'});
    await math(page);
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    await shot(page, 'desktop-dark');
    const contrasts = await page.evaluate(() => {
      const light = (colour: string): number => {
        const [r, g, b] = colour.match(/[\d.]+/g)!.map((part) => {
          const level = Number(part) / 255;
          return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ground = (element: Element): string => {
        for (let at: Element | null = element; at !== null; at = at.parentElement) {
          const colour = getComputedStyle(at).backgroundColor;
          if (colour !== 'rgba(0, 0, 0, 0)') return colour;
        }
        return 'rgb(255, 255, 255)';
      };
      const texts = 'h2, label, .help, .status, .verdict strong, .verdict small, dt, button:enabled, .error';
      return Array.from(document.querySelectorAll<HTMLElement>(texts))
        .filter((element) => element.getClientRects().length > 0)
        .map((element) => {
          const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
          return {what: element.textContent, ratio: (a + 0.05) / (b + 0.05)};
        });
    });
    expect(contrasts.length).toBeGreaterThan(20);
    expect(contrasts.filter(({ratio}) => ratio < 4.5)).toEqual([]);
  });

  it('compares kernels and networks side by side', async () => {
    const page = await visit();
    await math(page);
    await page.locator('#compare-seconds').fill('8');
    await page.getByRole('button', {name: 'Compare'}).click();
    await page.locator('#announce', {hasText: /^Compared/}).waitFor({timeout: 50_000});
    const cards = page.locator('.variant');
    // How far the slower two come is a matter of the machine.
    const [first, ...slower] = await cards.locator('.status').allInnerTexts();
    expect(first).toBe('Met');
    expect(slower).toEqual([expect.stringMatching(/^(Not resolved|Stopped early)$/), 'Stopped early']);
    expect(await cards.nth(1).locator('.facts').innerText()).toMatch(/difference to the first\s+\d\S*/);
    await page.locator('.comparison').scrollIntoViewIfNeeded();
    await shot(page, 'comparison');
    await page.locator('#compare-show').selectOption({label: 'u, difference to the first'});
    expect(await cards.nth(0).locator('.readout').innerText()).toBe('u − first from 0 to 0');
    await shot(page, 'comparison-difference');
    const [asked, , last] = service.asked.slice(-3).map(({problem}) => problem);
    expect(asked).toMatchObject({field: 'grid', kernel: 'bspline:5', maxSeconds: 8});
    expect(last).toMatchObject({field: 'siren', maxSeconds: 8});
  });

  it('hands out results and the problem as files', async () => {
    const page = await visit();
    await math(page);
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    const file = async (name: string | RegExp): Promise<string> => {
      const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', {name}).click()]);
      return saved.path();
    };
    const download = async (name: string | RegExp): Promise<Buffer> => fs.readFileSync(await file(name));
    const {data, shape} = await readNpy(await file(/npy/));
    const json = JSON.parse((await download(/json/)).toString()) as {met: boolean; values: {u: number[]; residual: number[]}};
    expect(json.met).toBe(true);
    expect(shape).toEqual([2, 65, 65]);
    expect([...data]).toEqual([...json.values.u, ...json.values.residual]);
    const png = await download(/png/);
    expect(png.toString('latin1', 1, 4)).toBe('PNG');
    expect(png.readUInt32BE(16)).toBeGreaterThan(300);
    const problem = JSON.parse((await download('Save problem file')).toString()) as object;
    expect(problem).toEqual({
      equation: ['laplacian(u) = -8*exp(-8*((x-0.3)^2 + (y-0.2)^2))'],
      domain: 'x=-1..1, y=-1..1',
      where: ['x=-1|x=1|y=-1|y=1: u=0'],
    });
  });

  it('restores a problem from its link, and from a file', async () => {
    const page = await visit();
    await math(page);
    await page.getByLabel('Equations').fill('u_xx = -a + 0*x');
    await page.getByLabel('Domain').fill('x=0..1');
    await page.getByLabel('Conditions on faces').fill('x=0: u=0\nx=1: u=1');
    await page.getByLabel('Numbers by name').fill('a=2');
    const other = await visit({}, await page.evaluate(() => location.hash));
    await math(other);
    expect(await other.getByLabel('Equations').inputValue()).toBe('u_xx = -a + 0*x');
    expect(await other.getByLabel('Conditions on faces').inputValue()).toBe('x=0: u=0\nx=1: u=1');
    expect(await other.getByLabel('Numbers by name').inputValue()).toBe('a=2');
    const file = {name: 'problem.json', mimeType: 'application/json', buffer: Buffer.from('')};
    const problem = {equation: 'u_x = -k*u', domain: {x: [0, 2]}, where: ['x=0: u=1'], uniform: {k: 3}, seed: 7};
    await other.locator('#problem-file').setInputFiles({...file, buffer: Buffer.from(JSON.stringify(problem))});
    await other.waitForFunction(() => (document.getElementById('equation') as HTMLTextAreaElement).value === 'u_x = -k*u');
    expect(await other.getByLabel('Domain').inputValue()).toBe('x=0..2');
    expect(await other.locator('#others').inputValue()).toBe('{"seed":7}');
  });

  it('solves a system of the service', async () => {
    const page = await visit();
    await math(page);
    await page.getByLabel('Start from').selectOption({label: 'heat'});
    expect(await page.locator('#system-summary').innerText()).toContain('Heat in a rod');
    expect(await page.getByLabel('Equations').isVisible()).toBe(false);
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    expect(await page.locator('#verdict').innerText()).toMatch(/^No error estimate/);
    expect(page.url()).toMatch(/#system=heat$/);
    await shot(page, 'system');
  });

  it('asks for a token where the service does, and keeps it for the tab', async () => {
    service.token = 'open sesame';
    const page = await visit();
    const dialog = page.locator('#token-dialog');
    await dialog.waitFor();
    await shot(page, 'token');
    await page.getByLabel('Token', {exact: true}).fill('wrong');
    await page.keyboard.press('Enter');
    await page.locator('#token-error:not([hidden])').waitFor();
    await page.getByLabel('Token', {exact: true}).fill('open sesame');
    await page.keyboard.press('Enter');
    await math(page);
    await page.reload();
    await math(page);
    expect(await dialog.isVisible()).toBe(false);
    expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, '']);
  });

  it('waits and tries again where the service is busy', async () => {
    service.busy = 1;
    const page = await visit();
    await math(page);
    await page.getByRole('button', {name: /^Solve/}).click();
    await page.locator('#status', {hasText: 'The service is busy, trying again in 1 s'}).waitFor();
    await solved(page);
  });

  it('says that the service cannot be reached, and goes on when it can', async () => {
    const page = await visit();
    await math(page);
    await page.context().setOffline(true);
    await page.getByRole('button', {name: /^Solve/}).click();
    await page.locator('#offline', {hasText: 'The service cannot be reached.'}).waitFor();
    expect(await page.locator('#status').innerText()).toBe('Not solved');
    await page.context().setOffline(false);
    await page.getByRole('button', {name: /^Solve/}).click();
    await solved(page);
    expect(await page.locator('#offline').isVisible()).toBe(false);
  });

  it('takes nothing but mathematics out of what is said to be mathematics', async () => {
    const page = await visit();
    await math(page);
    // As text, since what is compiled for Jest imports otherwise.
    const made = await page.evaluate(`(async () => {
      const {formula} = await import(new URL('assets/mathml.mjs', document.baseURI).href);
      const text =
        '<math><mi onclick="alert(1)" href="javascript:alert(1)">u</mi><script>alert(1)</script><img src="x"/>' +
        '<mtext><a xmlns="http://www.w3.org/1999/xhtml" href="x">b</a></mtext></math>';
      return [formula(text).outerHTML, formula('<p>no</p>') === undefined];
    })()`);
    expect(made).toEqual(['<math display="block"><mi>u</mi><mtext></mtext></math>', true]);
  });
});
