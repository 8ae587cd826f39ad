// Opens every page of the built site in a browser: node check-site.mjs BROWSER FOLDER [BASE]
// BASE is the path below which it lies on its host, as SITE_BASE said when it was built; a link out of it fails.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { searchFor } from './site-search.mjs';

const [browserPath, folder, base = '/'] = process.argv.slice(2);
const shots = process.env.SITE_SCREENSHOTS;
if (shots) mkdirSync(shots, { recursive: true });
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

// A server of files, with addresses without .html as a host of sites has them.
const server = createServer(({ url }, response) => {
  const { pathname } = new URL(url, 'http://site');
  const path = join(folder, pathname.startsWith(base) ? decodeURIComponent(pathname.slice(base.length)) : 'nowhere');
  const file = [path, `${path}.html`, join(path, 'index.html')].find(
    (name) => existsSync(name) && statSync(name).isFile(),
  );
  response.writeHead(file ? 200 : 404, { 'content-type': TYPES[extname(file ?? '')] ?? 'application/octet-stream' });
  response.end(file && readFileSync(file));
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const site = `http://127.0.0.1:${server.address().port}`;

const pages = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith('.html') && name !== '404.html')
  .map((name) => `${base}${name.replaceAll('\\', '/').replace(/(index)?\.html$/, '')}`);
assert.ok(pages.length > 30, `only ${pages.length} pages`);

const known = new Set(pages);
const isThere = (path) => known.has(decodeURIComponent(path)) || existsSync(join(folder, path.slice(base.length)));
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
const faults = [];
const page = await browser.newPage();
let where = '';
page.on('console', (message) => /error|warning/.test(message.type()) && faults.push(`${where}: ${message.text()}`));
page.on('pageerror', (error) => faults.push(`${where}: ${error.message}`));
page.on(
  'response',
  (response) => response.status() >= 400 && faults.push(`${where}: ${response.url()} ${response.status()}`),
);
page.on('request', (request) => request.url().startsWith(site) || faults.push(`${where}: fetches ${request.url()}`));
for (const path of pages) {
  for (const width of [1400, 400]) {
    where = `${path} at ${width}`;
    await page.setViewportSize({ width, height: 900 });
    if (width === 1400) await page.goto(`${site}${path}`, { waitUntil: 'load' });
    await page.waitForSelector('main h1');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) faults.push(`${where}: ${wide} pixels too wide`);
    if (shots) await page.screenshot({ path: join(shots, `${path.replace(/\W+/g, '-')}-${width}.png`) });
  }
  // An anchor of a link is a heading somewhere, which the build does not look at.
  const lost = await page.$$eval('main a[href^="#"]', (links) =>
    links.map((link) => decodeURIComponent(link.hash.slice(1))).filter((id) => id && !document.getElementById(id)),
  );
  faults.push(...lost.map((id) => `${path}: no heading #${id}`));
  // A link that is not followed by the build: into the site, to an address that is there.
  const out = await page.$$eval('a[href^="/"]', (links) => links.map((link) => link.pathname));
  faults.push(...out.filter((to) => !isThere(to)).map((to) => `${path}: a link to ${to}`));
}

// The search finds every option by its name: the site's own index, asked as the search box asks it; some are typed.
const { options, found } = await searchFor(folder);
for (const option of options) if (!found(option)) faults.push(`the search finds no ${option}`);
await page.setViewportSize({ width: 1400, height: 900 });
await page.goto(`${site}${base}`, { waitUntil: 'networkidle' });
await page.click('#local-search button', { timeout: 120_000 });
for (const option of ['warmupEpochs', 'contextLength', 'imageCacheMegabytes']) {
  await page.fill('#localsearch-input', option, { timeout: 120_000 });
  await page
    .waitForSelector('.VPLocalSearchBox .result', { timeout: 60_000 })
    .catch(() => faults.push(`the search box finds no ${option}`));
}
await browser.close();
server.close();
assert.equal(faults.length, 0, faults.join('\n'));
console.log(`${pages.length} pages at two widths and ${options.length} options in the search: well`);
