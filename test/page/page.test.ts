/** The live page in a headless browser, against a service that solves for real. DINF_PAGE_SCREENSHOTS names a folder for pictures of it. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type {Browser, BrowserContextOptions, Page} from 'playwright-core';
import {chromium} from 'playwright-core';
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
      if (message.type() === 'error' && !/status of (400|401|429)/.test(message.text())) complaints.push(message.text());
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
  const solved = (page: Page): Promise<void> => page.locator('#downloads').waitFor({timeout: 50_000});

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
    expect(await page.locator('.readout').innerText()).toMatch(/^x = 0\.03125, y = 0: {1,2}u = 0\.4/);
    const box = (await page.locator('.over').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
    expect(await page.locator('.readout').innerText()).toMatch(/^x = .*, y = 0\.\d+: {1,2}u = 0\.\d+$/);
    await shot(page, 'pointer');
  });
  it('looks at all', async () => {
    const page = await visit();
    await start(page, 'An epidemic');
    await page.locator('#math math').first().waitFor();
    await page.keyboard.press('Control+Enter');
    await solved(page);
    await shot(page, 'epidemic');
    await start(page, 'A warm cube');
    await page.locator('#math math').first().waitFor();
    await page.waitForTimeout(500);
    await page.keyboard.press('Control+Enter');
    await page.locator('.slice').waitFor({timeout: 50000});
    await solved(page);
    await shot(page, 'cube');
  });
});
