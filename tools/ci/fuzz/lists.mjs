// Gives the readers of data sets damaged, strange and hostile lists: tables, split files, classnames.txt, lists of aircraft, CIFAR's files.
// Each must be read, or be refused with a typed error that says where and what to do, within 10 seconds and 1 GiB. The same seed gives the
// same files. Needs a build.
//
//   node tools/ci/fuzz/lists.mjs [--seed N] [--inputs N] [--only INDEX]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PromptweaveError } from '@promptweave/core';
import { basicServices } from '@promptweave/core/experiment';
import { plugins } from '@promptweave/datasets';
import { again, chosen, conclude, seed } from './inputs.mjs';
import { kinds, pickle, rows } from './list-kinds.mjs';
import { chance } from './random.mjs';
import { faultOf } from './run-fuzz.mjs';
import { damages, made, traps } from './strange-lists.mjs';

const folder = mkdtempSync(join(tmpdir(), 'fuzz-lists-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.env.PROMPTWEAVE_CACHE = join(folder, 'cache');

const write = (path, content) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};
for (const [path] of rows) write(path, 'not looked at');
for (const [path] of rows) write(`photos/${path}`, 'not looked at');
for (const i of [0, 1, 2]) {
  for (const split of ['train', 'val']) write(`imagenet/images/${split}/n${i + 1}/a.JPEG`, 'not looked at');
  write(`imagenetv2/imagenetv2-matched-frequency-format-val/${i}/a.jpeg`, 'not looked at');
}
for (const split of ['val', 'test']) write(`fgvc_aircraft/images_variant_${split}.txt`, '4 cat\n');
write('binary/cifar-100/train.bin', Buffer.alloc(3074));

function inputOf(seed, index) {
  const random = chance(seed * 100_003 + index);
  if (index < traps.length) {
    const [kind, what, make] = traps[index];
    return { kind, what, file: Buffer.from(make()) };
  }
  if (random.next() < 0.4) {
    const kind = random.of(Object.keys(made));
    return { kind, what: `${kind}, made`, file: made[kind](random) };
  }
  const kind = random.of(Object.keys(kinds));
  return {
    kind,
    what: `${kind}, damaged`,
    file: damages[index % damages.length](Buffer.from(kinds[kind].whole()), random),
  };
}

async function attempt({ kind, file }) {
  const { file: path, use, options } = kinds[kind];
  for (const { file: other, whole } of Object.values(kinds)) write(other, whole());
  write('cifar-100/cifar-100-python/test', pickle([0, 1, 2]));
  write(path, file);
  const plugin = plugins.find((entry) => entry.kind === 'dataset' && entry.name === use);
  const parsed = plugin.options.parse(options);
  try {
    const dataset = await plugin.create({ folder, seed: 1, services: basicServices(1) }, parsed);
    check(dataset);
  } catch (error) {
    if (!(error instanceof PromptweaveError) || (error.where && error.remedy)) throw error;
    throw new Error(`It does not say where and what to do: ${error.message}`);
  }
}

/** What was taken makes sense. */
function check({ classNames, train, val, test, digest, notes = [] }) {
  for (const { id, label } of [...train, ...val, ...test]) {
    if (!(Number.isInteger(label) && label >= 0 && label < classNames.length))
      throw new Error(`took the label ${label}`);
    if (/^\/|^\.\.(\/|$)|\0/.test(id)) throw new Error(`took the path ${id}`);
  }
  const wrong = classNames.find((name) => name.trim() === '' || name.length > 1000);
  if (wrong !== undefined) throw new Error(`took the class name ${wrong.slice(0, 80)}`);
  const note = notes.find((text) => text.length > 2000 || /\bundefined\b|\[object/.test(text));
  if (note) throw new Error(`says ${note.slice(0, 200)}`);
  if (digest.length !== 64) throw new Error('has no digest');
}

let faults = 0;
// Whole lists are taken: otherwise the damaged ones tell nothing.
for (const [kind, { whole }] of Object.entries(kinds)) {
  await attempt({ kind, file: Buffer.from(whole()) }).catch((error) => {
    faults += 1;
    console.error(`${kind}, whole: ${error.message} (${error.where})`);
  });
}
for (const index of chosen) {
  const input = inputOf(seed, index);
  const found = await faultOf(() => attempt(input));
  if (!found) continue;
  faults += 1;
  console.error(`${input.what}: ${found.slice(0, 600)}\n  ${again('lists', index)}`);
}
conclude('lists', faults);
process.exit();
