// Gives the loader of checkpoints damaged and strange files. Each must load, or be refused with a typed error that says what to do, within
// 10 seconds and 1 GiB. The same seed gives the same files.
//
//   node tools/ci/fuzz/checkpoints.mjs [--seed N] [--inputs N] [--only INDEX]
//
// The loading is done by a process of its own, so that one that ends or hangs is a fault of its input and no more.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MOST_MEMORY, startApart } from './apart.mjs';
import { again, chosen, conclude, isOne, seed } from './inputs.mjs';
import { wholeNumbers } from './random.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const self = fileURLToPath(import.meta.url);

const fixture = (name) => readFileSync(join(root, 'packages/backbone-clip/fixtures', name));
const weights = fixture('checkpoints/openai.safetensors');
const clip = { image_size: 8, layers: 1, width: 24, patch_size: 4, head_width: 8 };
const text = { context_length: 5, vocab_size: 12, width: 16, heads: 2, layers: 2 };
const towers = {
  vision_config: { hidden_size: 24, image_size: 8, num_attention_heads: 3, num_hidden_layers: 1, patch_size: 4 },
  text_config: {
    hidden_size: 16,
    max_position_embeddings: 5,
    num_attention_heads: 2,
    num_hidden_layers: 2,
    vocab_size: 12,
  },
};
const constants = [0.5, 0.4, 0.3];
const json = (value) => Buffer.from(JSON.stringify(value));

/** What is damaged: a file of a folder that loads as it is, and the other files of that folder. */
const kinds = [
  { file: 'model.safetensors', content: weights, beside: {}, damage: damagedSafetensors },
  { file: 'zip.bin', content: fixture('checkpoints/zip.bin'), beside: {}, damage: damagedBytes },
  { file: 'legacy.pt', content: fixture('checkpoints/legacy.pt'), beside: {}, damage: damagedBytes },
  { file: 'torchscript.pt', content: fixture('checkpoints/torchscript.pt'), beside: {}, damage: damagedBytes },
  { file: 'config.json', content: json({ model_type: 'clip', projection_dim: 6, ...towers }), damage: damagedJson },
  {
    file: 'open_clip_config.json',
    content: json({
      model_cfg: { embed_dim: 6, quick_gelu: true, vision_cfg: clip, text_cfg: text },
      preprocess_cfg: { mean: constants, std: constants, interpolation: 'bicubic', resize_mode: 'shortest', size: 8 },
    }),
    damage: damagedJson,
  },
  {
    file: 'preprocessor_config.json',
    content: json({
      ...{
        do_resize: true,
        size: { shortest_edge: 8 },
        resample: 3,
        do_center_crop: true,
        crop_size: { height: 8, width: 8 },
      },
      ...{ do_rescale: true, rescale_factor: 1 / 255, do_normalize: true, image_mean: constants, image_std: constants },
    }),
    damage: damagedJson,
  },
  { file: 'tokenizer.json', content: fixture('small-tokenizer.json'), damage: damagedJson },
];

/** Some bytes changed, cut out, doubled, or the end cut off. */
function damagedBytes(content, draw, within = content.length) {
  let bytes = Buffer.from(content);
  for (let times = 1 + draw(4); times > 0; times--) {
    const at = draw(Math.max(1, Math.min(within, bytes.length)));
    const length = 1 + draw(16);
    const ways = [
      () => (bytes[at] = draw(256)),
      () => (bytes[at] = [0, 1, 0x7f, 0x80, 0xff, 0x2e, 0x52, 0x65][draw(8)]),
      () => (bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])),
      () => (bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])),
      () => (bytes = draw(4) === 0 ? bytes.subarray(0, at) : bytes),
    ];
    if (bytes.length > 0) ways[draw(ways.length)]();
  }
  return bytes;
}

/** The header as damaged JSON, or the bytes. */
function damagedSafetensors(content, draw) {
  const length = Number(content.readBigUInt64LE(0));
  if (draw(2) === 0) return damagedBytes(content, draw, 8 + length);
  const header = damagedJson(content.subarray(8, 8 + length), draw);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, content.subarray(8 + length)]);
}

const DEEP = 'a value nested 20,000 times';
const odd = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1,
    2,
    3,
    1.5,
    1e300,
    -1e-300,
    2 ** 53,
    '',
    'x',
    'clip',
    'gelu',
    '__proto__',
    '9'.repeat(5000),
  ],
  ...[
    [],
    {},
    [[]],
    [0, 0, 0],
    [8, 8],
    [1, 'a'],
    { height: 8, width: 8 },
    { longest_edge: 8 },
    { constructor: 1 },
    DEEP,
  ],
];

/** Values replaced, left out, doubled or added anywhere in the tree; or bytes of the text. */
function damagedJson(content, draw) {
  if (draw(5) === 0) return damagedBytes(content, draw);
  const tree = JSON.parse(content.toString());
  for (let times = 1 + draw(3); times > 0; times--) {
    let place = tree;
    for (let deeper = draw(5); deeper > 0; deeper--) {
      const inner = Object.values(place).filter((value) => typeof value === 'object' && value !== null);
      if (inner.length === 0) break;
      place = inner[draw(inner.length)];
    }
    const keys = Object.keys(place);
    const key = keys[draw(Math.max(1, keys.length))] ?? 'added';
    const ways = [
      () => (place[key] = structuredClone(odd[draw(odd.length)])),
      () => (place[key] = structuredClone(odd[draw(odd.length)])),
      () => delete place[key],
      () => (place[`${key}_${draw(9)}`] = structuredClone(odd[draw(odd.length)])),
      () => (place[key] = structuredClone(place[keys[draw(Math.max(1, keys.length))]])),
      () =>
        (place[key] =
          typeof place[key] === 'number'
            ? place[key] * [2, -1, 0.5, 1e9][draw(4)]
            : (JSON.stringify(place[key]) ?? '')),
    ];
    ways[draw(ways.length)]();
  }
  const depth = 20_000;
  return Buffer.from(JSON.stringify(tree).replaceAll(JSON.stringify(DEEP), '['.repeat(depth) + ']'.repeat(depth)));
}

/** Input number `index`: a folder's files, and the one that is given to the loader. */
function input(index) {
  const { file, content, beside = { 'model.safetensors': weights }, damage } = kinds[index % kinds.length];
  const draw = wholeNumbers(Math.imul(seed, 1_000_003) + index);
  return { kind: file, files: { ...beside, [file]: damage(content, draw) } };
}

/** What is wrong with how an input ended; nothing where it loaded or was refused well. */
function faultOf(error, CheckpointError) {
  if (error === undefined) return undefined;
  if (!(error instanceof CheckpointError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { message, where, remedy } = error;
  if (!where || !remedy || remedy.length < 10) return `no place or no remedy: ${message}`;
  if (message.length < 10 || message.length > 2000)
    return `a message of ${message.length} characters: ${message.slice(0, 200)}`;
  if (/\[object |undefined|NaN of/.test(message)) return `a message that says nothing: ${message}`;
  return undefined;
}

/** Loads what it is told and says how that ended. */
async function loader() {
  const { loadClipCheckpoint, loadTokenizer } = await import(join(root, 'packages/backbone-clip/lib/index.js'));
  const { CheckpointError } = await import(join(root, 'packages/core/lib/index.js'));
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-checkpoints-'));
  const load = async (index) => {
    const { kind, files } = input(index);
    const own = join(folder, String(index));
    mkdirSync(own);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(own, name), content);
    try {
      const source = /\.(bin|pt)$/.test(kind) ? join(own, kind) : own;
      const { tensors } = await loadClipCheckpoint(source, { visionHeads: 3, textHeads: 2 });
      for (const tensor of tensors.values()) tensor.data();
      if (kind === 'tokenizer.json') {
        const tokenizer = await loadTokenizer({ tokenizerJson: join(own, kind) });
        tokenizer.decode([tokenizer.startId, tokenizer.endId]);
      }
      return undefined;
    } catch (error) {
      return faultOf(error, CheckpointError) ?? false;
    } finally {
      rmSync(own, { recursive: true });
    }
  };
  process.on('message', async (index) => {
    const fault = await load(index);
    process.send({ fault: fault || undefined, refused: fault === false, memory: process.memoryUsage().rss });
  });
  process.on('disconnect', () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  });
  process.send('ready');
}

async function main() {
  let faults = 0;
  let refused = 0;
  let child;
  for (const index of chosen) {
    if (!child) {
      child = startApart(self, ['--seed', String(seed)], { FUZZ_LOADER: '1' });
      await child.ready;
    }
    const answer = await child.ask(index);
    if (answer.refused) refused++;
    const fault =
      answer.fault ?? (answer.memory > MOST_MEMORY ? `it took ${answer.memory} bytes of memory` : undefined);
    if (fault === undefined) continue;
    faults++;
    console.error(`input ${index} (${input(index).kind}): ${fault}`);
    console.error(`  again: ${again('checkpoints', index)}`);
    if (answer.ended || answer.memory > MOST_MEMORY) {
      child.end();
      child = undefined;
    }
  }
  child?.end();
  if (!isOne && refused < chosen.length / 3) {
    console.error(`Only ${refused} inputs were refused: the files are not damaged enough to tell anything.`);
    process.exitCode = 1;
  }
  conclude('checkpoints', faults);
}

await (process.env.FUZZ_LOADER ? loader() : main());
