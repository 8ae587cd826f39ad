import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRecordedIds } from '../recorded.test.support.js';
import { loadSentenceTokenizer } from './index.js';

/** A model that SentencePiece trained, and its own ids; made by scripts/make-metaclip-fixtures.py. */
const folder = fileURLToPath(new URL('../../fixtures/spiece/', import.meta.url));
let other: string;
beforeAll(async () => void (other = await mkdtemp(join(tmpdir(), 'spiece-'))));
afterAll(() => rm(other, { recursive: true }));

describe('spiece.model', () => {
  it('gives the ids of SentencePiece of 500 texts', async () => {
    const tokenizer = await loadSentenceTokenizer({ spiece: `${folder}spiece.model` });
    await expectRecordedIds(tokenizer, `${folder}token-ids.json.gz`);
    expect([tokenizer.startId, tokenizer.endId, tokenizer.padId, tokenizer.clean]).toEqual([
      undefined,
      1,
      1,
      'canonical',
    ]);
    expect(tokenizer.decode(tokenizer.encode('a photo of a cat'))).toBe('a photo of a cat ');
  });

  it('takes special tokens that are written out for text', async () => {
    const tokenizer = await loadSentenceTokenizer({ spiece: `${folder}spiece.model` }, 'lower');
    expect(tokenizer.encode('</s><pad>')).not.toContain(1);
    expect(tokenizer.encode('</s><pad>')).not.toContain(0);
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9), /no model of SentencePiece, or not whole/],
    ['another file', () => Buffer.from('{"a": 1}'), /no model of SentencePiece, or not whole/],
    ['empty', () => Buffer.alloc(0), /no model of SentencePiece, or not whole: it has no pieces/],
    // a trainer's settings that say BPE, after those that are there: the last one counts
    ['of the kind BPE', (bytes: Buffer) => Buffer.concat([bytesWithKind(bytes, 2)]), /not of the kind Unigram/],
  ])('is refused: %s', async (_, change, message) => {
    const file = join(other, 'spiece.model');
    await copyFile(`${folder}spiece.model`, file);
    await writeFile(file, change(await readFile(file)));
    await expect(loadSentenceTokenizer({ spiece: file })).rejects.toThrow(message);
  });
});

/** The same model with another kind: field 3 of the first message of field 2 (the trainer's settings). */
function bytesWithKind(bytes: Buffer, kind: number): Buffer {
  // Only pieces come before: a message of field 2 that comes first is the one that is read.
  return Buffer.concat([Buffer.of(0x12, 0x02, 0x18, kind), bytes]);
}
