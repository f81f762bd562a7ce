/** The live page as `dinf-grid serve` serves it: page and service speak one language, under the policy that the service sets. */
import type {Browser, Page} from 'playwright-core';
import {chromium} from 'playwright-core';
import {serving} from '../serve/support';
import {BROWSER} from '../wasm/in-browser';

if (BROWSER === undefined) test.skip('there is no Chromium on PATH; DINF_TEST_BROWSER may name one', () => undefined);

(BROWSER === undefined ? describe.skip : describe)('the live page of a service', () => {
  const service = serving();
  let browser: Browser;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({executablePath: BROWSER, args: ['--no-sandbox', '--disable-gpu']});
  });
  afterAll(() => browser.close());
  beforeEach(() => (complaints = []));
  afterEach(() => {
    expect(complaints).toEqual([]);
  });

  async function visit(width: number): Promise<Page> {
    const page = await browser.newPage({viewport: {width, height: 740}});
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(service.url);
    return page;
  }

  it.each([360, 1280])(
    'sets examples in mathematics and solves one, %d pixels wide',
    async (width) => {
      const page = await visit(width);
      await page.locator('#math math').first().waitFor();
      expect(await page.locator('#math .label').allInnerTexts()).toEqual(['at t = 0', 'at x = 0, x = 1']);
      expect(await page.locator('#math-facts').innerText()).toMatch(/^unknown u · over t, x · /);
      await page.keyboard.press('Control+Enter');
      await page.locator('#downloads').waitFor({timeout: 50_000});
      expect(await page.locator('#solution').innerText()).toMatch(/Met/);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
      const titles = await page.getByLabel('Start from').locator('option').allInnerTexts();
      expect(titles.length).toBeGreaterThan(5);
      for (const title of titles.slice(0, 6)) {
        await page.getByLabel('Start from').selectOption({label: title});
        await page.locator('#math:not(.stale)').waitFor();
      }
      await page.close();
    },
    90_000,
  );

  it('shows the field, its error and its residual while a solve runs', async () => {
    const page = await visit(1280);
    await page.locator('#math math').first().waitFor();
    const problem = {
      equation: '-0.002*laplacian(u) + u_x + 0.3*u_y = 1',
      domain: 'x=0..1, y=0..1',
      where: 'x=0|x=1|y=0|y=1: u=0',
      tolerance: 1e-9,
    };
    const file = {name: 'problem.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(problem))};
    await page.locator('#problem-file').setInputFiles(file);
    await page.waitForFunction(() => (document.getElementById('equation') as HTMLTextAreaElement).value.startsWith('-0.002'));
    await page.locator('#math:not(.stale) math').first().waitFor();
    await page.keyboard.press('Control+Enter');
    // While it runs: the button is there to end it.
    await page
      .locator('#facts', {
        hasText: /field so far, on \d+ × \d+ cells.*estimated error, relative L2, so far\s*\d.*residual \(RMS\), so far/s,
      })
      .waitFor({timeout: 60_000});
    expect(await page.getByRole('button', {name: /^Cancel/}).isEnabled()).toBe(true);
    expect(await page.locator('.readout').first().innerText()).toMatch(/^u from /);
    await page.locator('#status', {hasText: /estimated error/}).waitFor({timeout: 30_000});
    await page.keyboard.press('Escape');
    await page.locator('#status', {hasText: /^Cancelled/}).waitFor();
    await page.close();
  }, 120_000);
});
