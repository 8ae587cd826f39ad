// A sweep whose MLflow server is killed and started again, and whose own process is killed, too. Afterwards everything is on the
// server exactly once. Then the prompts of a cell are registered, and used by models:/name@alias.
//
// Needs the built command line, and MLFLOW_TEST_SERVER: the path of `mlflow` (tools/ci/mlflow.sh sees to both).
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { MlflowClient } from '@promptweave/mlflow-js-client';
import { pyfuncPredicts } from './mlflow-pyfunc.mjs';
import { blocksOf } from '../documentation/blocks.mjs';
import { mlflowServer } from './mlflow-server.mjs';

const program = join(dirname(fileURLToPath(import.meta.url)), '../../apps/cli/bin/promptweave.js');
const sharp = createRequire(new URL('../../packages/datasets/package.json', import.meta.url))('sharp');
const folder = mkdtempSync(join(tmpdir(), 'mlflow-sweep-'));
const server = await mlflowServer(process.env.MLFLOW_TEST_SERVER, join(folder, 'server'));
const client = new MlflowClient({ trackingUri: server.uri, timeoutSeconds: 60 });
const children = new Set();
const begun = Date.now();
const tell = (text) => console.log(`${((Date.now() - begun) / 1000).toFixed(0).padStart(4)} s  ${text}`);

const CELLS = 6;
const grid = join(folder, 'grid.yaml');
const sweep = join(folder, 'sweep');
writeFileSync(
  grid,
  `dataset: { use: emoji-animals, shots: 1, size: 32 }
train: { epochs: 3, batch: 8, augment: false, evaluateEvery: 3, evaluateOn: test }
tracker: { use: mlflow, uri: '${server.uri}', experiment: killed }
grid:
  prompt: [coop, { use: language, depth: 4 }, none]
  labels.use: [frozen, lamm]
`,
);

/** A command, begun: its process, what it has said, and its end with all of that. */
function begin(...words) {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let [output, messages] = ['', ''];
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (messages += chunk));
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, output, messages }));
  return { child, ended, messages: () => messages };
}

async function run(...words) {
  const outcome = await begin(...words).ended;
  assert.equal(outcome.code, 0, `promptweave ${words.join(' ')} ended with ${outcome.code}:\n${outcome.messages}`);
  return outcome.output;
}

const cellsOf = (place) => readdirSync(join(place, 'cells')).map((id) => join(place, 'cells', id));
const finished = () => (existsSync(join(sweep, 'cells')) ? cellsOf(sweep).filter((cell) => existsSync(join(cell, 'outcome.json'))).length : 0); // oxfmt-ignore
const stepping = () => existsSync(join(sweep, 'cells')) && cellsOf(sweep).some((cell) => !existsSync(join(cell, 'outcome.json')) && existsSync(join(cell, 'metrics.jsonl')) && readFileSync(join(cell, 'metrics.jsonl')).length > 0); // oxfmt-ignore

async function until(what, holds) {
  for (const end = Date.now() + 600_000; Date.now() < end; await sleep(50)) if (await holds()) return tell(what);
  throw new Error(`This did not come about: ${what}`);
}

async function all(items) {
  const list = [];
  for await (const item of items) list.push(item);
  return list;
}

async function killedAndStartedAgain() {
  await server.start();
  tell('the server runs');
  const first = begin('sweep', grid, '--output', sweep);
  await until('a cell is done, the next one trains', () => finished() >= 1 && stepping());
  await server.kill();
  tell('the server is killed');
  // It is told once an attempt to reach the server has failed, which may take longer than a cell.
  const isTold = () => /MLflow: .*Training goes on/.test(first.messages());
  await until(
    'this is told, another cell is done, the next one trains',
    () => isTold() && finished() >= 2 && stepping(),
  );
  first.child.kill('SIGKILL');
  const { signal } = await first.ended;
  assert.equal(signal, 'SIGKILL');
  tell(`the sweep is killed after ${finished()} cells`);

  const both = [0, 1].map(() => begin('sweep', grid, '--output', sweep));
  const before = finished();
  await until('two sweeps go on with the folder', () => finished() > before);
  await server.start();
  tell('the server is there again');
  for (const { ended } of both) {
    const { code, messages: said } = await ended;
    assert.equal(code, 0, said);
  }
  assert.equal(finished(), CELLS);
  tell('both sweeps have ended');

  // What is left is delivered from another place, by another process, with the records of what was delivered lost.
  const elsewhere = join(folder, 'elsewhere');
  cpSync(sweep, elsewhere, { recursive: true });
  for (const cell of cellsOf(elsewhere)) rmSync(join(cell, 'mlflow.json'), { force: true });
  for (const place of [elsewhere, sweep]) {
    const { runs } = JSON.parse(await run('track', 'sync', place, '--json'));
    assert.equal(runs.length, CELLS + 1);
    for (const { refused } of runs) assert.deepEqual(refused, []);
  }
  tell('all is delivered, twice');
}

async function everythingIsThereOnce() {
  const { experimentId } = await client.experiments.getByName('killed');
  const runs = await all(client.runs.search({ experimentIds: [experimentId] }));
  const parents = runs.filter(({ tags }) => !tags['mlflow.parentRunId']);
  assert.equal(parents.length, 1, 'one run for all sweeps on the folder');
  const [parent] = parents;
  assert.equal(parent.info.runName, 'grid');
  assert.equal(parent.info.status, 'FINISHED');
  assert.equal(parent.params['grid.labels.use'], '["frozen","lamm"]');
  const ofParent = (await all(client.artifacts.files(parent.info.artifactUri))).map(({ path }) => path);
  for (const file of ['config.yaml', 'report.html', 'report.md'])
    assert(ofParent.includes(file), `${file} of the sweep`);
  await parentTellsTheBest(parent);

  const ofCells = runs.filter((run) => run !== parent);
  const ids = cellsOf(sweep).map((cell) => `${parent.tags['promptweave.run']}/${cell.split('/').at(-1)}`);
  assert.deepEqual(ofCells.map(({ tags }) => tags['promptweave.run']).sort(), ids.sort(), 'one run for each cell');
  for (const cell of cellsOf(sweep)) {
    await cellIsThereOnce(
      cell,
      ofCells.find(({ tags }) => tags['promptweave.run'].endsWith(cell.split('/').at(-1))),
      parent,
    );
  }
  tell(`${ofCells.length} cells: every param, metric and file is there once`);
}

/** The best row with its figure, the table, the data set, what the machine did; and a page that fetches nothing. */
async function parentTellsTheBest({ info, tags, params }) {
  const outcomes = cellsOf(sweep).map((cell) => JSON.parse(readFileSync(join(cell, 'outcome.json'), 'utf8')));
  const best = Math.max(...outcomes.map(({ summary }) => summary.accuracy.value ?? summary.accuracy));
  const history = await all(client.runs.metricHistory(info.runId, 'best/accuracy'));
  assert(Math.abs(history.at(-1).value - best) < 1e-9, 'the best figure');
  assert.equal(new Set(history.map(({ step }) => step)).size, history.length);
  assert.match(tags['promptweave.best'], /^prompt=.*: accuracy \d/);
  assert.match(tags['mlflow.note.content'], /\| prompt/);
  assert.equal(tags['mlflow.source.name'], 'promptweave sweep grid');
  assert.equal(params.row, undefined);
  const answer = await fetch(`${server.uri}/api/2.0/mlflow/runs/get?run_id=${info.runId}`);
  const inputs = (await answer.json()).run.inputs.dataset_inputs.map(({ dataset }) => dataset);
  assert.deepEqual(inputs.map(({ name }) => name), ['emoji-animals']); // oxfmt-ignore
  assert.equal(inputs[0].digest, tagsOfCells()[0].slice(0, 32));
  const looks = await all(client.runs.metricHistory(info.runId, 'system/system_memory_usage_percentage'));
  assert(looks.length > 0 && looks.every(({ value }) => value > 0 && value <= 100), 'the machine was looked at');
  const page = await fetch(`${server.uri}/get-artifact?path=report.html&run_uuid=${info.runId}`);
  const html = await page.text();
  assert.match(page.headers.get('content-type'), /html/);
  assert(html.includes('<svg') && !/(src|href)="(?!data:|#)/.test(html), 'the page has its pictures inside');
}

const tagsOfCells = () =>
  cellsOf(sweep).map((cell) => JSON.parse(readFileSync(join(cell, 'result.json'), 'utf8')).provenance.dataset);

async function cellIsThereOnce(cell, { info, params, tags }, parent) {
  const result = JSON.parse(readFileSync(join(cell, 'result.json'), 'utf8'));
  const { provenance, training, evaluations } = result;
  assert.equal(info.status, 'FINISHED');
  assert.equal(tags['mlflow.parentRunId'], parent.info.runId);
  assert.equal(tags['promptweave.dataset'], provenance.dataset);
  assert.equal(tags['promptweave.checkpoint'], provenance.checkpoint);
  assert.equal(tags['mlflow.source.git.commit'], provenance.git?.commit);
  assert.equal(tags['version.promptweave/core'], provenance.versions['@promptweave/core']);
  assert.equal(params['dataset.use'], 'emoji-animals');
  assert.equal(params['train.epochs'], '3');
  assert.match(params.row, new RegExp(`^prompt=${params['prompt.use']}`));
  assert.match(info.runName, new RegExp(`prompt=${params['prompt.use']}.*, labels.use=${params['labels.use']}`));

  const lines = readFileSync(join(cell, 'metrics.jsonl'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)); // oxfmt-ignore
  const losses = lines.filter(({ type }) => type === 'step');
  const history = (await all(client.runs.metricHistory(info.runId, 'train/loss'))).sort((a, b) => a.step - b.step);
  assert.deepEqual(history.map(({ step }) => step), losses.map(({ step }) => step)); // oxfmt-ignore
  assert.equal(history.length, result.parameters > 0 ? training.steps : 0);
  history.forEach(({ value, timestamp }, i) => {
    assert(Math.abs(value - losses[i].loss) < 1e-6, `the loss of step ${losses[i].step}`);
    assert(i === 0 || timestamp >= history[i - 1].timestamp, 'time goes on');
    assert(timestamp >= begun && timestamp <= Date.now());
  });
  const accuracies = await all(client.runs.metricHistory(info.runId, 'test/accuracy'));
  assert(accuracies.length >= 1 && new Set(accuracies.map(({ step }) => step)).size === accuracies.length);
  assert(accuracies.some(({ value }) => Math.abs(value - evaluations.test.accuracy) < 1e-9));

  const place = info.artifactUri;
  const files = (await all(client.artifacts.files(place))).map(({ path }) => path).sort();
  const expected = ['config.yaml', 'confusion/test.csv', 'environment.json', 'plots/confusion-test.svg', 'prompts.safetensors', 'result.json']; // oxfmt-ignore
  assert.deepEqual(files.filter((file) => file !== 'plots/training-loss.svg'), expected); // oxfmt-ignore
  assert.equal(files.includes('plots/training-loss.svg'), history.length > 0);
  const copy = join(folder, 'copy');
  await client.artifacts.downloadAll(place, copy);
  for (const file of ['prompts.safetensors', 'result.json']) {
    assert(readFileSync(join(copy, file)).equals(readFileSync(join(cell, file))), `${file} arrived whole`);
  }
  rmSync(copy, { recursive: true });
}

async function registeredPromptsAreUsed() {
  const cell = cellsOf(sweep).find(
    (path) => JSON.parse(readFileSync(join(path, 'result.json'), 'utf8')).parameters > 0,
  );
  const uri = ['--uri', server.uri];
  const registered = JSON.parse(await run('register', cell, '--name', 'photos', '--alias', 'champion', '--json'));
  assert.equal(registered.uri, 'models:/photos@champion');
  const { tags } = await client.models.getByAlias('photos', 'champion');
  const { evaluations } = JSON.parse(readFileSync(join(cell, 'result.json'), 'utf8'));
  assert.equal(tags['test.accuracy'], String(evaluations.test.accuracy));
  const place = await client.models.downloadUri('photos', registered.version);
  await client.artifacts.downloadAll(place, join(folder, 'model'));
  assert.match(readFileSync(join(folder, 'model/MLmodel'), 'utf8'), /signature:/);

  const image = join(folder, 'holiday.jpg');
  const drawn =
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><circle cx="40" cy="30" r="25" fill="#a63"/></svg>';
  await sharp(Buffer.from(drawn)).flatten({ background: '#fff' }).jpeg().toFile(image);
  const words = ['predict', image, '--json', '--run'];
  assert.equal(await run(...words, registered.uri, ...uri), await run(...words, cell));
  const { accuracy } = JSON.parse(await run('evaluate', registered.uri, '--json', ...uri));
  assert.equal(accuracy, evaluations.test.accuracy);
  const { code, messages } = await begin(...words, 'models:/photos@nobody', ...uri).ended;
  assert.equal(code, 7);
  assert.match(messages, /There is no such model/);
  tell('registered prompts predict and evaluate as the run does');
  const logits = await run('predict', image, '--run', cell, '--scores', 'logits', '--top', '1000', '--json');
  const python = join(dirname(process.env.MLFLOW_TEST_SERVER), 'python');
  await pyfuncPredicts(python, folder, server.uri, JSON.parse(logits)[0].answers);
  tell('mlflow.pyfunc in Python answers the same');
}

/** The line with MLflow of the tutorial of the ablation grid, as it stands there, for one cell. */
async function lineOfTheTutorial() {
  const page = readFileSync(new URL('../../docs/tutorials/ablation.md', import.meta.url), 'utf8');
  const { text } = blocksOf(page).find(({ name }) => name === 'ablation.yaml');
  const [, line] = /^MLFLOW_TRACKING_URI=\S+ npx promptweave (sweep ablation\.yaml tracker=mlflow)$/m.exec(page);
  writeFileSync(join(folder, 'ablation.yaml'), text);
  const words = [...line.split(' '), 'train.steps=2', '--limit', '1'];
  const env = { ...process.env, MLFLOW_TRACKING_URI: server.uri };
  await promisify(execFile)(process.execPath, [program, ...words], { cwd: folder, env });
  const { experimentId } = await client.experiments.getByName('ablation');
  const runs = await all(client.runs.search({ experimentIds: [experimentId] }));
  assert.equal(runs.length, 2, 'the sweep and one cell');
  tell("the tutorial's line records its sweep");
}

try {
  await killedAndStartedAgain();
  await everythingIsThereOnce();
  await registeredPromptsAreUsed();
  await lineOfTheTutorial();
} finally {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  client.close();
  await server.kill();
  if (process.env.KEEP) console.log(`Kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
