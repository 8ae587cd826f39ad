import { readFile, stat } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { CheckpointError } from '@promptweave/core';
import { z } from 'zod';
import { shown } from '../checkpoint/config/json-file.js';
import { BYTE_ALPHABET } from './byte-alphabet.js';

/** A byte-pair vocabulary: the id of every token, and the merges in the order in which they apply. */
export interface Vocabulary {
  readonly ids: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [string, string])[];
  readonly startId: number;
  readonly endId: number;
}

/** The names that the released vocabularies give to the two special tokens. */
const START_NAMES = ['<|startoftext|>', '<start_of_text>'];
const END_NAMES = ['<|endoftext|>', '<end_of_text>'];
/** CLIP's 49,408 tokens are 2 × 256 bytes, this many merges, and two special tokens. */
const CLIP_MERGES = 48_894;

const vocabularySchema = z.record(z.string(), z.int().nonnegative());
const tokenizerJsonSchema = z.object({
  added_tokens: z.array(z.object({ id: z.int().nonnegative(), content: z.string() })).optional(),
  model: z.object({
    type: z.literal('BPE'),
    end_of_word_suffix: z.literal('</w>'),
    vocab: vocabularySchema,
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});

/** Bytes of a tokenizer's file, unpacked; CLIP's have two to four million. */
const LARGEST_FILE = 16 * 2 ** 20;

/** The text of a tokenizer's file. @throws CheckpointError where it cannot be read, or is larger than any such file */
export async function readText(file: string, largest = LARGEST_FILE): Promise<string> {
  const bytes = await readBytes(file, largest);
  return readable(file, () => {
    const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const whole = gzipped ? gunzipSync(bytes, { maxOutputLength: largest }) : bytes;
    return new TextDecoder('utf-8', { fatal: true }).decode(whole);
  });
}

/** The bytes of a tokenizer's file. @throws CheckpointError likewise */
export function readBytes(file: string, largest: number): Promise<Uint8Array> {
  return readable(file, async () => {
    const { size } = await stat(file);
    if (size > largest) throw new Error(`it has ${size} bytes, and no such tokenizer needs ${largest}`);
    return readFile(file);
  });
}

async function readable<T>(file: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new CheckpointError(`The tokenizer file cannot be read: ${(cause as Error).message}.`, {
      where: file,
      remedy: "Check that the path names one of the tokenizer's files and that the file is whole.",
      cause,
    });
  }
}

/** What a tokenizer's file holds. @throws CheckpointError where it does not fit */
export function parse<T>(text: string, schema: z.ZodType<T>, file: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError('The tokenizer file is not JSON.', {
      where: file,
      remedy: 'Fetch it again: it is truncated or another kind of file.',
      cause,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const found = issue?.message.replace('Invalid input: ', '').replaceAll('received undefined', 'found nothing');
  throw new CheckpointError(`The file is not a CLIP tokenizer: ${issue?.path.join('.') || 'content'}: ${found}.`, {
    where: file,
    remedy: 'Give the byte-pair vocabulary (with "</w>" at word ends) that belongs to the CLIP checkpoint.',
  });
}

function toMerge(line: string, file: string): [string, string] {
  const [first, second, ...more] = line.split(' ');
  if (first && second && more.length === 0) return [first, second];
  throw new CheckpointError(`A merge is two tokens with a space between them, not ${shown(line)}.`, {
    where: file,
    remedy: 'Give the merges list that belongs to the CLIP checkpoint.',
  });
}

/** Lines of a merges list: a heading, then a merge a line. */
function toMerges(text: string, file: string): [string, string][] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const isHeading = (lines[0] ?? '').includes('#version');
  return lines.slice(isHeading ? 1 : 0).map((line) => toMerge(line, file));
}

/** Finds the special tokens and checks that every merge has its token. */
function complete(ids: Readonly<Record<string, number>>, merges: [string, string][], file: string): Vocabulary {
  const known = new Map(Object.entries(ids));
  const missing = merges.map(([first, second]) => first + second).find((token) => !known.has(token));
  if (missing !== undefined) {
    throw new CheckpointError(`The vocabulary lacks the token ${shown(missing)}.`, {
      where: file,
      remedy: 'Give the vocabulary and the merges that belong together.',
    });
  }
  const find = (names: string[]): number => {
    const name = names.find((candidate) => known.has(candidate));
    if (name !== undefined) return known.get(name) as number;
    throw new CheckpointError(`The vocabulary has no special token ${names.join(' or ')}.`, {
      where: file,
      remedy: 'Give the vocabulary that belongs to the CLIP checkpoint.',
    });
  };
  return { ids, merges, startId: find(START_NAMES), endId: find(END_NAMES) };
}

/** Reads a `tokenizer.json` of a byte-pair model with `</w>`. */
export async function readTokenizerJson(file: string): Promise<Vocabulary> {
  const { model, added_tokens: added = [] } = parse(await readText(file), tokenizerJsonSchema, file);
  const merges = model.merges.map((merge): [string, string] =>
    typeof merge === 'string' ? toMerge(merge, file) : merge,
  );
  const special = Object.fromEntries(added.map(({ content, id }) => [content, id]));
  return complete({ ...model.vocab, ...special }, merges, file);
}

/** Reads `vocab.json` and `merges.txt`. */
export async function readVocabAndMerges(vocabFile: string, mergesFile: string): Promise<Vocabulary> {
  const ids = parse(await readText(vocabFile), vocabularySchema, vocabFile);
  return complete(ids, toMerges(await readText(mergesFile), mergesFile), vocabFile);
}

/** Reads OpenAI's merges list, plain or gzipped; the ids follow from the order of bytes, merges and special tokens. */
export async function readBpeMerges(file: string): Promise<Vocabulary> {
  const merges = toMerges(await readText(file), file).slice(0, CLIP_MERGES);
  const characters = BYTE_ALPHABET.map(({ character }) => character);
  const tokens = [
    ...characters,
    ...characters.map((character) => `${character}</w>`),
    ...merges.map(([first, second]) => first + second),
    START_NAMES[0],
    END_NAMES[0],
  ];
  return complete(Object.fromEntries(tokens.map((token, id) => [token, id])), merges, file);
}
