// @promptweave/web by itself, as npm would publish it, in an empty project with a bundler that knows nothing of this repository: nothing of
// Node is in the page, and a real Chromium gets the answers of `predict`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';

const run = promisify(execFile);
const [place, browserPath] = process.argv.slice(2);
const folder = resolve(place); // with photos.safetensors and inbox, as evening.mjs leaves them
const root = fileURLToPath(new URL('../..', import.meta.url));
const project = join(folder, 'bundler');
const { chromium } = createRequire(join(root, 'apps/cli/package.json'))('playwright-core');

mkdirSync(project);
writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
const packs = process.env.PROMPTWEAVE_PACKS ?? project; // packed already, for all checks
const packages = ['core', 'web'].flatMap((name) => ['--workspace', `packages/${name}`]);
if (packs === project) await run('npm', ['pack', '--silent', ...packages, '--pack-destination', packs], { cwd: root });
const packed = readdirSync(packs)
  .filter((name) => /^promptweave-(core|web)-[\d.]+\.tgz$/.test(name))
  .map((name) => join(packs, name));
assert.equal(packed.length, 2);
await run('npm', ['install', '--no-audit', '--no-fund', ...packed, '@tensorflow/tfjs-core@4', '@tensorflow/tfjs-backend-webgl@4'], { cwd: project }); // oxfmt-ignore
writeFileSync(
  join(project, 'index.html'),
  '<!doctype html><title>foreign</title><script type="module" src="main.js"></script>',
);
writeFileSync(
  join(project, 'main.js'),
  `import '@tensorflow/tfjs-backend-webgl';
import { decodeImage, loadModel } from '@promptweave/web';
const model = await loadModel('photos.safetensors');
window.answer = async (address) => (await model.predict([await decodeImage(await (await fetch(address)).blob())]))[0];
`,
);
const warnings = [];
const logger = { level: 'warn', hasWarned: false, info() {}, clearScreen() {}, hasErrorLogged: () => false };
for (const name of ['warn', 'warnOnce', 'error']) logger[name] = (text) => warnings.push(text);
await build({ root: project, base: './', configFile: false, customLogger: logger, build: { target: 'es2022' } });
const about = warnings.filter((text) => !/chunks are larger than/.test(text));
assert.deepEqual(about, [], 'the bundler warns of nothing');
const scripts = readdirSync(join(project, 'dist/assets'));
for (const name of scripts) {
  assert.doesNotMatch(readFileSync(join(project, 'dist/assets', name), 'utf8'), /["'`]node:|browser-external/, name);
}

const images = readdirSync(join(folder, 'inbox')).filter((name) => /\d\.(jpg|png|webp)$/.test(name)).slice(0, 3); // oxfmt-ignore
const words = ['predict', ...images.map((name) => join(folder, 'inbox', name)), '--run', join(folder, 'photos.safetensors'), '--json']; // oxfmt-ignore
const { stdout } = await run(process.execPath, [join(root, 'apps/cli/bin/promptweave.js'), ...words]);
const expected = JSON.parse(stdout).map(({ answers }) => answers);

const types = { '.html': 'text/html', '.js': 'text/javascript' };
const files = createServer((request, reply) => {
  const path = decodeURIComponent(new URL(request.url, 'http://page').pathname).replace(/\/$/, '/index.html');
  reply.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
  for (const base of [join(project, 'dist'), folder]) {
    try {
      return void reply.end(readFileSync(join(base, path)));
    } catch {
      continue;
    }
  }
  reply.writeHead(404).end();
});
await once(files.listen(0, '127.0.0.1'), 'listening');
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--enable-unsafe-swiftshader'] }); // oxfmt-ignore
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(`http://127.0.0.1:${files.address().port}/`);
  await page.waitForFunction(() => 'answer' in window, undefined, { timeout: 120_000 });
  for (const [i, name] of images.entries()) {
    const answers = await page.evaluate((address) => window.answer(address), `inbox/${encodeURIComponent(name)}`);
    assert.equal(answers[0].label, expected[i][0].label, name);
    assert.ok(Math.abs(answers[0].probability - expected[i][0].probability) < 0.05, name);
  }
} finally {
  await browser.close();
  files.close();
}
console.log(`@promptweave/web in a foreign bundler: ${images.length} of ${images.length} answers the same`);
