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
});
