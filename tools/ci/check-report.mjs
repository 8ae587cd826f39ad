// Opens the report of chromium.sh in a browser: node check-report.mjs BROWSER FOLDER PROMPTWEAVE…
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [browserPath, folder, node, ...promptweave] = process.argv.slice(2);
const report = join(folder, 'study', 'report.html');
const shots = process.env.REPORT_SCREENSHOTS;
if (shots) mkdirSync(shots, { recursive: true });
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });

/** Opens the page; whatever it complains about or fetches is an error. */
async function open(name, options, look) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!/^(file|data):/.test(request.url())) complaints.push(`fetches ${request.url()}`);
  });
  await page.goto(pathToFileURL(report).href);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name}: the page is ${wide} pixels too wide`);
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  await look(page);
  assert.deepEqual(complaints, [], name);
  await context.close();
  console.log(`${name}: well`);
}

/** Texts of a column of the rows that are shown, without the differences below. */
function column(page, index) {
  return page.$$eval(
    '#grid tbody tr:not([hidden])',
    (rows, i) => rows.map((row) => row.cells[i].firstChild?.textContent.trim() ?? ''),
    index,
  );
}

const desktop = { viewport: { width: 1280, height: 900 } };

await open('light', { ...desktop, colorScheme: 'light' }, async (page) => {
  const heads = await page.$$eval('#grid th', (cells) => cells.map((cell) => cell.textContent));
  assert.deepEqual(heads, [
    'name',
    'labels.use',
    'dataset.shots',
    'base',
    'novel',
    'HM (of means)',
    'HM (mean of HMs)',
    'parameters',
    'time',
  ]);
  assert.equal((await column(page, 0)).length, 13);

  // sorting: a figure from the largest to the smallest, what has none last; then the other way round
  const sortBy = (name) => page.click(`#grid th button:text-is("${name}")`);
  await sortBy('base');
  const figures = async () => (await column(page, 3)).map(parseFloat).filter((value) => !Number.isNaN(value));
  const down = await figures();
  assert.deepEqual(
    down,
    [...down].sort((a, b) => b - a),
  );
  assert.ok(down[0] > down.at(-1));
  assert.equal((await column(page, 3)).at(-1), 'failed');
  await sortBy('base');
  assert.deepEqual(await figures(), [...down].reverse());
  await sortBy('name');
  const names = await column(page, 0);
  assert.deepEqual(
    names,
    [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
  );

  // filters: words, and the values of an axis
  await page.fill('#filter', 'coop lamm');
  assert.equal((await column(page, 0)).length, 4);
  await page.selectOption('select[data-column="2"]', '4');
  assert.deepEqual(await column(page, 0), ['CoOp 2', 'CoOp 4']);
  assert.equal(await page.textContent('#count'), '2 of 13 rows');
  await page.fill('#filter', '');
  await page.selectOption('select[data-column="2"]', '');

  // differences: with an interval, none for the baseline itself, and others for another baseline
  const differences = () => page.$$eval('#grid small', (texts) => texts.map((text) => text.textContent));
  const first = await differences();
  assert.ok(first.length >= 24, `${first.length} differences`);
  for (const text of first) assert.match(text, /^[+−]\d+\.\d \[[+−]\d+\.\d, [+−]\d+\.\d\]$/);
  assert.equal(await page.$eval('#baseline option:checked', (option) => option.textContent), 'CoOp 2 · frozen');
  await page.selectOption('#baseline', { label: 'zero-shot · frozen' });
  assert.notDeepEqual(await differences(), first);

  // pictures
  const pictures = await page.$$eval('figure[id^="picture-"]', (found) =>
    found.map((figure) => {
      const { width, height } = figure.querySelector('svg').getBoundingClientRect();
      return [figure.id.slice(8), width > 100 && height > 40];
    }),
  );
  const expected = ['figures', 'over-prompt-contextlength', 'over-dataset-shots', 'effects', 'learning-curves'];
  expected.push('cost', 'class-gains', 'confusion-base', 'confusion-novel');
  assert.deepEqual(new Map(pictures), new Map(expected.map((name) => [name, true])));
  const ids = await page.$$eval('[id]', (all) => all.map(({ id }) => id));
  assert.equal(new Set(ids).size, ids.length, 'a name stands twice on the page');
  const files = expected.flatMap((name) => [`${name}.png`, `${name}.svg`]);
  assert.deepEqual(readdirSync(join(folder, 'figures')).sort(), files.sort());

  // thumbnails
  const images = await page.$$eval('img', (all) =>
    all.map(({ complete, naturalWidth }) => complete && naturalWidth > 0),
  );
  assert.ok(images.length >= 20 && images.every(Boolean), `${images.length} images`);

  // what a mark stands for
  const mark = page.locator('#picture-figures [role="graphics-symbol"][aria-label*="base:"]').first();
  await mark.scrollIntoViewIfNeeded();
  await mark.hover();
  assert.match(await page.textContent('#tip'), /base: \d/);

  const text = await page.textContent('body');
  for (const part of ['Confusions that the learned labels resolved', 'Wrong before, right after', 'nearest words']) {
    assert.ok(text.includes(part), part);
  }
  assert.match(await page.textContent('#failures'), /much too fast.*Lower train\.learningRate/s);

  const pdf = await page.pdf({ format: 'A4', ...(shots && { path: join(shots, 'print.pdf') }) });
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  assert.ok(await page.$$eval('details', (parts) => parts.every(({ open }) => open)), 'a print shows everything');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('nav').isVisible(), false);
});

/** Lightness of the ground and of the text, 0 to 1. */
const lightness = (page) =>
  page.evaluate(() => {
    const { backgroundColor, color } = getComputedStyle(document.body);
    return [backgroundColor, color].map((text) => {
      const [red, green, blue] = text.match(/[\d.]+/g).map(Number);
      return (red + green + blue) / 765;
    });
  });
await open('dark', { ...desktop, colorScheme: 'dark' }, async (page) => {
  const [ground, ink] = await lightness(page);
  assert.ok(ground < 0.2 && ink > 0.8, `ground ${ground}, ink ${ink}`);
  const label = await page.$eval('#picture-figures text', (text) => getComputedStyle(text).fill);
  assert.match(label, /^rgb\((2\d\d), (2\d\d), (2\d\d)\)$/, 'text of pictures is light');
});
await open('phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, async (page) => {
  const [ground, ink] = await lightness(page);
  assert.ok(ground > 0.9 && ink < 0.2, `ground ${ground}, ink ${ink}`);
  await page.fill('#filter', 'zero-shot');
  assert.equal((await column(page, 0)).length, 4);
});

// The command beside a cell gives that cell's figures again.
const page = await browser.newPage();
await page.goto(pathToFileURL(report).href);
const rows = await page.$$eval('#reproduce tbody tr', (all) =>
  all.map(({ cells }) => [...cells].map((cell) => cell.textContent)),
);
await browser.close();
const [, words] = rows.find(([cell]) => cell.startsWith('CoOp 2') && cell.includes('lamm') && cell.endsWith('seed=2'));
assert.match(words, /^npx promptweave sweep /);
const output = execFileSync(
  'bash',
  ['-c', 'npx() { shift; "$RUN" "$WITH" "$@"; }; eval "$1"', 'bash', `${words} --json`],
  {
    cwd: folder,
    env: { ...process.env, RUN: node, WITH: promptweave[0] },
    encoding: 'utf8',
  },
);
const again = JSON.parse(output).cells;
assert.equal(again.length, 1);
const [{ id, outcome }] = again;
const before = JSON.parse(readFileSync(join(folder, 'study', 'cells', id, 'outcome.json'), 'utf8'));
assert.deepEqual(outcome.summary, before.summary);
console.log(`reproduced: ${words}`);
