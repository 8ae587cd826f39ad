/**
 * The evening of an engineer: from a folder of mixed photos (formats, EXIF turns, broken files) to a trained run, and to the same answers by five
 * ways: predict, the library, HTTP, ONNX and a page in a real browser. A run folder that was copied elsewhere predicts, too.
 *
 * Usage: node evening.mjs FOLDER BROWSER [SHOTS], with the command line built and onnxruntime-node in FOLDER/node_modules
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { basename, extname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [place, browserPath] = process.argv.slice(2);
const folder = resolve(place);
const root = fileURLToPath(new URL('../..', import.meta.url));
const fromCli = createRequire(join(root, 'apps/cli/package.json'));
const sharp = createRequire(join(root, 'packages/datasets/package.json'))('sharp');
const { chromium } = fromCli('playwright-core');
const command = join(root, 'apps/cli/bin/promptweave.js');
const at = (...names) => join(folder, ...names);

/** Runs a command of promptweave. @returns its output */
async function promptweave(words, code = 0) {
  const started = performance.now();
  const run = promisify(execFile)(process.execPath, [command, ...words], { cwd: folder, maxBuffer: 2 ** 26 });
  const { stdout, stderr, code: ended = 0 } = await run.catch((error) => error);
  assert.equal(ended, code, `promptweave ${words.join(' ')}: ${stdout}${stderr}`);
  console.log(`promptweave ${words.join(' ').slice(0, 100)}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return stdout;
}

const shapes = {
  circle: '<circle cx="50" cy="50" r="34" fill="FILL"/>',
  square: '<rect x="20" y="20" width="60" height="60" fill="FILL"/>',
  'long triangle': '<path d="M50 12L88 88L12 88Z" fill="FILL"/>',
};
const sizes = [
  [640, 480],
  [300, 420],
  [97, 64],
  [224, 224],
  [50, 50],
  [801, 333],
  [120, 600],
  [64, 65],
];

/** A drawing that has fine structure, in a form that hangs on its number. @returns its path */
async function draw(directory, shape, i) {
  const [width, height] = sizes[i % sizes.length];
  const lines = Array.from(
    { length: 12 },
    (_, k) => `<path d="M${k * 9} 0L${100 - k * 5} 100" stroke="#0003" stroke-width="1"/>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 100 100">
    <rect width="100" height="100" x="-100" fill="none"/>${lines.join('')}${shapes[shape].replace('FILL', `hsl(${i * 41},70%,45%)`)}</svg>`;
  const clear = sharp(Buffer.from(svg));
  const image = clear.clone().flatten({ background: `hsl(${i * 77},40%,85%)` });
  const forms = [
    ['jpg', image.clone().jpeg({ quality: 90 })],
    ['png', image.clone().png()],
    ['webp', image.clone().webp({ lossless: true })],
    ['jpeg', image.clone().jpeg({ quality: 95 }).withMetadata({ orientation: 6 })],
    ['png', clear.clone().png()],
    ['gif', image.clone().gif()],
    ['jfif', image.clone().jpeg({ quality: 80 }).withMetadata({ orientation: 3 })],
    ['tiff', image.clone().tiff()],
  ];
  const [ending, encoded] = forms[i % forms.length];
  const path = join(directory, `${shape} ${i}.${ending}`);
  await encoded.toFile(path);
  return path;
}

// The photos
for (const shape of Object.keys(shapes)) {
  mkdirSync(at('photos', shape), { recursive: true });
  for (let i = 0; i < 16; i++) await draw(at('photos', shape), shape, i);
}
mkdirSync(at('inbox'), { recursive: true });
const inbox = [];
for (let i = 0; inbox.length < 20; i++) {
  if (i % 8 === 7) continue; // no browser reads TIFF
  inbox.push(await draw(at('inbox'), Object.keys(shapes)[i % 3], i + 16));
}
const broken = {
  'broken.jpg': readFileSync(inbox[0]).subarray(0, 900),
  'notes.png': Buffer.from('no picture'),
  'empty.jpg': Buffer.alloc(0),
};
for (const [name, bytes] of Object.entries(broken)) writeFileSync(at('inbox', name), bytes);

// Training
writeFileSync(
  at('photos.yaml'),
  `dataset: { use: folder, path: ./photos, shots: 4 }
backbone: { use: clip, checkpoint: icons }
prompt: { use: maple, depth: 3 }
labels: { use: lamm }
train: { epochs: 2, batch: 4, learningRate: 0.0035 }
`,
);
await promptweave(['train', 'photos.yaml', '--output', 'run']);
await promptweave(['export', 'run', '--to', 'bundle', '--out', 'photos.safetensors']);
await promptweave(['export', 'run', '--to', 'onnx', '--out', 'photos.onnx']);
await promptweave(['export', 'run', '--to', 'web', '--precision', 'float16', '--out', 'page']);

/** Probabilities of each image by the name of the file. */
const ways = new Map();

// 1. predict, of the run's folder, of a copy elsewhere, and of the bundle
const linesOf = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ image, answers, error }) => [basename(image), answers ?? error]);
const predicted = async (run) => {
  const lines = linesOf(await promptweave(['predict', at('inbox'), '--run', run, '--top', '3', '--jsonl'], 4));
  for (const name of Object.keys(broken)) assert.equal(typeof new Map(lines).get(name), 'string', `${name} is told`);
  return new Map(lines.filter(([name]) => !(name in broken)));
};
ways.set('predict', await predicted('run'));
cpSync(at('run'), at('elsewhere/copy'), { recursive: true });
rmSync(at('run/prompts.safetensors'));
ways.set('predict, a copy of the run', await predicted('elsewhere/copy'));
ways.set('predict, the bundle', await predicted('photos.safetensors'));

// 2. the library
const { openRun } = await import(pathToFileURL(join(root, 'apps/cli/lib/index.js')).href);
const model = await openRun(at('photos.safetensors'));
const answers = await model.predict(inbox, { top: 3 });
ways.set('library', new Map(inbox.map((path, i) => [basename(path), answers[i]])));
await model.close();

// 3. HTTP
const service = spawn(process.execPath, [command, 'serve', 'elsewhere/copy', '--port', '0'], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(service, 'exit');
const [listening] = await once(service.stdout, 'data');
const form = new FormData();
for (const path of inbox) form.append('images', new Blob([readFileSync(path)]), basename(path));
const response = await fetch(`${/http:\S+/.exec(String(listening))[0]}/predict?top=3`, { method: 'POST', body: form });
assert.equal(response.status, 200);
ways.set('HTTP', new Map((await response.json()).images.map(({ name, answers: of }) => [name, of])));
service.kill('SIGTERM');
assert.deepEqual((await ended)[0], 0);

// 4. ONNX, in Node
const { InferenceSession, Tensor } = createRequire(at('package.json'))('onnxruntime-node');
const { decodeImage } = await import(pathToFileURL(join(root, 'packages/datasets/lib/index.js')).href);
const session = await InferenceSession.create(at('photos.onnx'));
const byOnnx = new Map();
const classNames = Object.keys(shapes).sort();
for (const path of inbox) {
  const { data, width, height } = await decodeImage(readFileSync(path), 'custom', path);
  const { probabilities } = await session.run({ image: new Tensor('uint8', data, [1, height, width, 3]) });
  const of = classNames.map((label, c) => ({ label, probability: probabilities.data[c] }));
  byOnnx.set(
    basename(path),
    of.sort((a, b) => b.probability - a.probability),
  );
}
ways.set('ONNX', byOnnx);

// 5. the page in a browser, by all backends; without a graphics card WebGPU is slow and gets few images
const FEW = 2;
const types = { '.html': 'text/html', '.js': 'text/javascript' };
const files = createServer((request, reply) => {
  const file = join(folder, 'page', new URL(request.url, 'http://page').pathname.replace(/\/$/, '/index.html'));
  reply.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
  try {
    reply.end(readFileSync(file));
  } catch {
    reply.writeHead(404).end();
  }
});
await once(files.listen(0, '127.0.0.1'), 'listening');
const browser = await chromium.launch({
  executablePath: browserPath,
  args: [
    '--no-sandbox',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--enable-unsafe-swiftshader',
    '--enable-unsafe-webgpu',
    '--use-webgpu-adapter=swiftshader',
  ],
});
for (const backend of ['webgl', 'wasm', 'webgpu']) {
  const images = backend === 'webgpu' ? inbox.slice(0, FEW) : inbox;
  const page = await (await browser.newContext({ permissions: ['camera'] })).newPage();
  const complaints = [];
  let bytes = 0;
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfinished', (request) => {
    const { pathname } = new URL(request.url());
    assert.ok(
      request.url().startsWith(`http://127.0.0.1:${files.address().port}/`) || request.url().startsWith('blob:'),
      request.url(),
    );
    if (/\.(js|html|bin)$|\/$/.test(pathname))
      bytes += statSync(join(folder, 'page', pathname.replace(/\/$/, '/index.html'))).size;
  });
  await page.goto(`http://127.0.0.1:${files.address().port}/?backend=${backend}`);
  await page.waitForSelector(`#status[data-backend="${backend}"]`, { timeout: 120_000 });
  console.log(`${backend}: the page takes ${(bytes / 1000).toFixed(0)} kB without the weights`);
  assert.ok(bytes < 400_000);
  await page.setInputFiles('#files', [...images, at('inbox/broken.jpg')]);
  await page.waitForFunction(
    (count) => document.querySelectorAll('#answers ol, #answers .error').length === count,
    images.length + 1,
    { timeout: 300_000 },
  );
  const shown = await page.$$eval('#answers figure', (all) =>
    all.map((figure) => [
      figure.dataset.name,
      [...figure.querySelectorAll('li')].map(({ dataset }) => ({
        label: dataset.label,
        probability: Number(dataset.probability),
      })),
    ]),
  );
  ways.set(`browser, ${backend}`, new Map(shown.filter(([name]) => name !== 'broken.jpg')));
  assert.equal(await page.textContent('figure[data-name="broken.jpg"] .error'), 'This browser cannot read the image.');
  await page.click('#camera');
  await page.waitForSelector('#seen li', { timeout: 60_000 });
  await page.click('#camera');
  assert.deepEqual(complaints, []);
}
await browser.close();
files.close();

// The same answers
const expected = ways.get('predict');
assert.equal(expected.size, 20);
for (const [way, found] of ways) {
  assert.equal(found.size, way.endsWith('webgpu') ? FEW : 20, way);
  let furthest = 0;
  for (const [name, answers] of found) {
    const wanted = expected.get(name);
    assert.equal(answers[0]?.label, wanted[0].label, `${way}, ${name}`);
    for (const { label, probability } of wanted) {
      const other = answers.find((answer) => answer.label === label);
      furthest = Math.max(furthest, Math.abs(other.probability - probability));
    }
  }
  console.log(`${way}: ${found.size} of ${found.size} the same, probabilities within ${furthest.toExponential(1)}`);
  assert.ok(furthest < (way.startsWith('browser') ? 0.05 : 1e-4), `${way}: ${furthest}`);
}
