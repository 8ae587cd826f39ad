import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { CheckpointError } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer, OPENAI_MERGES, type TokenizerFiles } from './index.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const readRows = async (name: string): Promise<[string, number[]][]> =>
  JSON.parse(gunzipSync(await readFile(fixture(name))).toString());

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

async function differences(files: TokenizerFiles, rows: [string, number[]][]): Promise<unknown[]> {
  const tokenizer = await loadTokenizer(files);
  return rows
    .map(([text, expected]) => ({ text, expected, found: tokenizer.encode(text) }))
    .filter(({ expected, found }) => expected.join() !== found.join());
}

describe("OpenAI's merges list", () => {
  it("gives open_clip's ids on more than 2,000 texts", async () => {
    const rows = await readRows('clip-token-ids.json.gz');
    expect(rows.length).toBeGreaterThan(2000);
    expect(await differences({ bpeMerges: OPENAI_MERGES }, rows)).toEqual([]);
  });

  it('gives the same from the plain list with more lines than CLIP reads', async () => {
    const rows = (await readRows('clip-token-ids.json.gz')).slice(0, 400);
    const plain = gunzipSync(await readFile(OPENAI_MERGES)).toString();
    expect(await differences({ bpeMerges: await write('plain.txt', `${plain}cat dog</w>\n`) }, rows)).toEqual([]);
  });

  it('has the special ids of the released models and decodes to clean text', async () => {
    const tokenizer = await loadTokenizer({ bpeMerges: OPENAI_MERGES });
    expect([tokenizer.startId, tokenizer.endId]).toEqual([49406, 49407]);
    expect(tokenizer.encode('a photo of a cat.')).toEqual([320, 1125, 539, 320, 2368, 269]);
    expect(tokenizer.decode([49406, ...tokenizer.encode('Crème  Brûlée 🦅'), 49407])).toBe('crème brûlée 🦅 ');
    expect(() => tokenizer.decode([49408])).toThrow(/no token 49408/);
  });

  it('reads a special token that is written out in a text as text', async () => {
    const tokenizer = await loadTokenizer({ bpeMerges: OPENAI_MERGES });
    expect(tokenizer.encode('<|endoftext|>')).not.toContain(tokenizer.endId);
    expect(tokenizer.encode('<|endoftext|>').length).toBeGreaterThan(1);
  });
});

describe('tokenizer.json and vocab.json with merges.txt', () => {
  it("give the reference library's ids", async () => {
    const rows = await readRows('small-token-ids.json.gz');
    expect(rows.length).toBeGreaterThan(200);
    const tokenizerJson = fixture('small-tokenizer.json');
    expect(await differences({ tokenizerJson }, rows)).toEqual([]);

    const { model, added_tokens } = JSON.parse(await readFile(tokenizerJson, 'utf8'));
    for (const { content, id } of added_tokens) model.vocab[content] = id;
    const lines = model.merges.map((merge: string | string[]) => (Array.isArray(merge) ? merge.join(' ') : merge));
    const vocab = await write('vocab.json', JSON.stringify(model.vocab));
    const merges = await write('merges.txt', ['#version: 0.2', ...lines, ''].join('\n'));
    expect(await differences({ vocab, merges }, rows)).toEqual([]);
  });
});

it('refuses a text that a small vocabulary cannot write, instead of dropping characters', async () => {
  const vocabulary = JSON.parse(await readFile(fixture('small-tokenizer.json'), 'utf8'));
  delete vocabulary.model.vocab['"</w>'];
  const tokenizer = await loadTokenizer({ tokenizerJson: await write('lacking.json', JSON.stringify(vocabulary)) });
  expect(tokenizer.encode('the cat').length).toBeGreaterThan(0);
  expect(() => tokenizer.encode('the "cat"')).toThrow(/cannot write "the \\"cat\\""/);
});

describe('malformed files', () => {
  const cases: [string, () => Promise<TokenizerFiles>, RegExp][] = [
    ['nothing', async () => ({}), /No tokenizer was given/],
    ['a vocabulary without merges', async () => ({ vocab: 'vocab.json' }), /No tokenizer was given/],
    ['a missing file', async () => ({ bpeMerges: join(folder, 'absent') }), /cannot be read/],
    ['a folder', async () => ({ tokenizerJson: folder }), /cannot be read/],
    ['truncated JSON', async () => ({ tokenizerJson: await write('a.json', '{"model": {"ty') }), /not JSON/],
    [
      'another model type',
      async () => ({ tokenizerJson: await write('b.json', '{"model":{"type":"Unigram","vocab":[]}}') }),
      /not a CLIP tokenizer/,
    ],
    ['a merge of three', async () => ({ bpeMerges: await write('c.txt', '#version\na b c\n') }), /two tokens/],
    [
      'bytes that are not UTF-8',
      async () => {
        const file = join(folder, 'd.txt');
        await writeFile(file, Buffer.from([0x23, 0xff, 0xfe, 0x0a]));
        return { bpeMerges: file };
      },
      /cannot be read/,
    ],
    [
      'a truncated gzip',
      async () => {
        const file = join(folder, 'e.gz');
        await writeFile(file, (await readFile(OPENAI_MERGES)).subarray(0, 1000));
        return { bpeMerges: file };
      },
      /cannot be read/,
    ],
    [
      'a vocabulary that lacks a merge',
      async () => ({ vocab: await write('f.json', '{"a":0}'), merges: await write('f.txt', '#version\na b\n') }),
      /lacks the token/,
    ],
    [
      'a vocabulary without special tokens',
      async () => {
        const { model } = JSON.parse(await readFile(fixture('small-tokenizer.json'), 'utf8'));
        return { vocab: await write('g.json', JSON.stringify(model.vocab)), merges: await write('g.txt', '') };
      },
      /no special token/,
    ],
  ];
  it.each(cases)('%s: an error that names it', async (_, files, message) => {
    const failure = await loadTokenizer(await files()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CheckpointError);
    expect((failure as CheckpointError).message).toMatch(message);
    expect((failure as CheckpointError).remedy).toBeTruthy();
  });
});
