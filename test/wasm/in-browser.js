'use strict';
// A page in a headless browser, served from this machine: it runs a script, which gives its result back by a request.
const {spawn} = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The browser's program: DINF_TEST_BROWSER, or what is on PATH; undefined where there is none. */
const BROWSER = [
  ...(process.env.DINF_TEST_BROWSER === undefined ? [] : [process.env.DINF_TEST_BROWSER]),
  ...(process.env.PATH ?? '').split(path.delimiter).flatMap((folder) => NAMES.map((name) => path.join(folder, name))),
].find((file) => fs.existsSync(file));

/** @type {Record<string, string>} */
const TYPES = {'.html': 'text/html', '.mjs': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm'};

/** A page that runs one script. */
const BARE = '<!doctype html><meta charset="utf-8"><script type="module" src="/script.mjs"></script>';

const RUN = `
  const tell = (answer) => fetch('/result', {method: 'POST', body: JSON.stringify(answer)});
  try {
    const {default: run} = await import('/given.mjs');
    await tell({result: await run()});
  } catch (error) {
    await tell({error: String(error?.stack ?? error)});
  }`;

/**
 * Runs a script in a page.
 *
 * @template T
 * @param {string} script a module; what its default export resolves with, as JSON, is the result.
 * @param {Record<string, string>} folders by the beginning of their addresses, such as `/wasm/`.
 * @param {{page?: string, seconds?: number}} [options] the page that it is added to, a file (default: an empty one), and how long it may take.
 * @returns {Promise<T>}
 * @throws what the script throws, or that nothing came (rejects)
 */
async function inBrowser(script, folders, {page, seconds = 50} = {}) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'dinf-browser-'));
  const server = http.createServer();
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let browser;
  let timer;
  try {
    return await new Promise((resolve, reject) => {
      server.on('request', (request, response) => {
        const address = new URL(request.url ?? '/', 'http://localhost').pathname;
        if (request.method === 'POST') {
          receive(request, (body) => {
            response.end();
            const {error, result} = JSON.parse(body);
            if (error === undefined) resolve(result);
            else reject(new Error(error));
          });
          return;
        }
        const found = contentsOf(address, script, folders, page);
        response.writeHead(found === undefined ? 404 : 200, {'content-type': TYPES[path.extname(address)] ?? 'text/html'});
        response.end(found);
      });
      server.listen(0, '127.0.0.1', () => {
        const {port} = /** @type {import('node:net').AddressInfo} */ (server.address());
        const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${home}`];
        const address = `http://127.0.0.1:${port}/${page === undefined ? '' : path.basename(page)}`;
        browser = spawn(/** @type {string} */ (BROWSER), [...flags, address], {stdio: 'ignore'});
        browser.on('error', reject);
      });
      timer = setTimeout(() => {
        reject(new Error(`the page gave no result within ${seconds} s`));
      }, seconds * 1000);
    });
  } finally {
    clearTimeout(timer);
    server.closeAllConnections();
    server.close();
    if (browser !== undefined) await ended(browser);
    await removed(home);
  }
}

/** Processes of the browser go on writing for a moment after the one that was started has ended. */
async function removed(folder) {
  for (let attempts = 1; ; attempts++) {
    try {
      fs.rmSync(folder, {recursive: true, force: true});
      return;
    } catch (error) {
      if (attempts === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function receive(request, done) {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => done(Buffer.concat(pieces).toString()));
}

async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await exit;
}

function contentsOf(address, script, folders, page) {
  if (address === '/') return BARE;
  if (address === '/script.mjs') return RUN;
  if (address === '/given.mjs') return script;
  if (page !== undefined && address === `/${path.basename(page)}`)
    return fs.readFileSync(page, 'utf8').replace('</body>', '<script type="module" src="/script.mjs"></script></body>');
  const begins = Object.keys(folders).sort((a, b) => b.length - a.length);
  const begin = begins.find((one) => address.startsWith(one));
  if (begin === undefined) return undefined;
  const file = path.join(folders[begin], address.slice(begin.length));
  return fs.existsSync(file) && fs.statSync(file).isFile() ? fs.readFileSync(file) : undefined;
}

module.exports = {BROWSER, inBrowser};
