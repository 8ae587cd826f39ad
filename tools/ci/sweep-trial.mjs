// What the trials of sweeps share: a folder with a grid of stub cells, sweeps as processes, and what a sweep left behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'apps/cli/bin/promptweave.js');

/** Makes a folder with the stub plugins and a grid. @param text YAML besides the plugins */
export function makeTrial(folder, text) {
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, 'tools/ci/stub-plugins.mjs'), join(folder, 'stub-plugins.mjs'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'grid.yaml'), `plugins: [default, ./stub-plugins.mjs]\n${text}`);
}

/** Starts `promptweave` in a folder, on the backend `cpu` if not told otherwise. What it prints is gathered in `said`. */
export function promptweave(folder, ...given) {
  const { environment = {} } = typeof given[0] === 'object' ? given.shift() : {};
  const words = given;
  const env = { ...process.env, PROMPTWEAVE_BACKEND: 'cpu', ...environment };
  const child = spawn(process.execPath, [program, ...words], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (child.said += data));
  return child;
}

/** Waits for the end of a process that is to succeed. */
export async function succeeded(child) {
  const [code, signal] = await once(child, 'close');
  assert.equal(code, 0, `${child.spawnargs.slice(2).join(' ')} ended with ${code ?? signal}:\n${child.said}`);
  return child.said;
}

/** The cells of a sweep: id, learned values, figures, failures and steps in the log, GPUs that it was shown. */
export function readCells(sweep) {
  const folder = join(sweep, 'cells');
  return readdirSync(folder)
    .sort()
    .map((id) => {
      const text = (name) => {
        const path = join(folder, id, name);
        return existsSync(path) ? readFileSync(path, 'utf8') : '';
      };
      const lines = (name) => text(name).split('\n').filter(Boolean);
      const outcome = text('outcome.json');
      const learned = join(folder, id, 'prompts.safetensors');
      return {
        id,
        learned: existsSync(learned) && outcome ? tensorsOf(readFileSync(learned)) : undefined,
        summary: outcome ? JSON.parse(outcome).summary : undefined,
        failures: lines('failures.jsonl').map((line) => JSON.parse(line)),
        steps: lines('metrics.jsonl').flatMap((line) => JSON.parse(line).step ?? []),
        checkpoint: existsSync(join(folder, id, 'resume.safetensors')),
        ends: lines('log.txt').filter((line) => line.includes('Training finished')).length,
        resumed: lines('log.txt').filter((line) => line.includes('Going on after step')).length,
        gpus: /GPUs: (.*)/.exec(text('log.txt'))?.[1],
      };
    });
}

/** Asserts that two sweeps gave the same cells, bit for bit. */
export function sameResults(found, expected) {
  assert.deepEqual(
    found.map(({ id }) => id),
    expected.map(({ id }) => id),
  );
  for (const [i, cell] of found.entries()) {
    assert.ok(cell.learned, `cell ${cell.id} is not finished`);
    assert.ok(cell.learned.equals(expected[i].learned), `cell ${cell.id} learned other values`);
    assert.deepEqual(cell.summary, expected[i].summary, `cell ${cell.id} has other figures`);
  }
}

/** Waits until something is there. */
export async function until(what, get, seconds = 60) {
  for (const begun = Date.now(); Date.now() - begun < seconds * 1000; await setTimeout(200)) {
    const found = await get();
    if (found) return found;
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

/** The tensors of a safetensors file, without its header, which names folders. */
export function tensorsOf(file) {
  return file.subarray(8 + Number(file.readBigUInt64LE(0)));
}

/** Asserts that each cell of one sweep saw one of two GPUs, and those of another, which asked for none, saw none. */
export function sawGpus(cells, without) {
  assert.deepEqual([...new Set(without.map(({ gpus }) => gpus))], [''], 'a cell without --gpus sees no GPU');
  assert.deepEqual([...new Set(cells.map(({ gpus }) => gpus))].sort(), ['0', '1'], 'GPUs of the cells');
  console.log(`Cells with a GPU each, on ${cells.map(({ gpus }) => gpus).join(', ')}; without, on none.`);
}
