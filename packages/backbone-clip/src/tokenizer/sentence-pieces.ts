import { createHash } from 'node:crypto';
import { CheckpointError } from '@promptweave/core';
import { z } from 'zod';
import { parse, readText } from './vocabulary.js';
import type { TokenizerFiles } from './load-tokenizer.js';

/** What a file of sentence pieces holds. */
export interface SentencePieces {
  readonly kind: 'Unigram' | 'BPE';
  /** As `@huggingface/tokenizers` reads it, without the special tokens: written out in a text they are text. */
  readonly json: object;
  /** The piece of every id. */
  readonly pieces: ReadonlyMap<number, string>;
  readonly endId: number;
  readonly padId: number;
  /** Path of the file. */
  readonly file: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly content: string;
}

/** Gemma's `tokenizer.json` has about 33 million bytes. */
const LARGEST_FILE = 128 * 2 ** 20;
/** Names that the released vocabularies give to the end of text, and what fills a text where nothing else is said. */
const ENDS: Readonly<Record<string, string>> = { '<eos>': '<pad>', '</s>': '</s>' };

const added = z.object({ id: z.int().nonnegative(), content: z.string(), special: z.boolean().optional() });
const schema = z.looseObject({
  added_tokens: z.array(z.looseObject(added.shape)).nullish(),
  model: z.discriminatedUnion('type', [
    z.looseObject({
      type: z.literal('Unigram'),
      vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
    }),
    z.looseObject({ type: z.literal('BPE'), vocab: z.record(z.string(), z.int().nonnegative()) }),
  ]),
});

const name = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const configSchema = z.looseObject({ eos_token: name, pad_token: name });

/** @throws CheckpointError where the files are missing, malformed or of another kind of tokenizer */
export async function readSentencePieces({ tokenizerJson, tokenizerConfig }: TokenizerFiles): Promise<SentencePieces> {
  if (tokenizerJson === undefined) {
    throw new CheckpointError('No tokenizer.json lies beside the weights, and SigLIP needs its own.', {
      remedy:
        "Put the model's tokenizer.json beside its weights (spiece.model is not read): copies of timm have it, and in Python " +
        'AutoTokenizer.from_pretrained(…).save_pretrained(…) writes it.',
    });
  }
  const text = await readText(tokenizerJson, LARGEST_FILE);
  const json = parse(text, schema, tokenizerJson);
  const { model } = json;
  if (model.type === 'BPE' && 'end_of_word_suffix' in model && model['end_of_word_suffix']) {
    throw new CheckpointError('The tokenizer is one of CLIP, and the weights are those of a SigLIP.', {
      where: tokenizerJson,
      remedy: 'Put the tokenizer.json that belongs to the weights beside them.',
    });
  }
  const pieces = new Map<number, string>(
    model.type === 'Unigram'
      ? model.vocab.map(([piece], id) => [id, piece])
      : Object.entries(model.vocab).map(([piece, id]) => [id, piece]),
  );
  for (const { id, content } of json.added_tokens ?? []) pieces.set(id, content);
  const ids = new Map([...pieces].map(([id, piece]) => [piece, id]));
  const named = await specialNames(tokenizerConfig);
  const end = named.end ?? Object.keys(ENDS).find((candidate) => ids.has(candidate));
  const idOf = (token: string | undefined, what: string): number => {
    const id = token === undefined ? undefined : ids.get(token);
    if (id !== undefined) return id;
    throw new CheckpointError(`The vocabulary has no ${what} token ${token ?? Object.keys(ENDS).join(' or ')}.`, {
      where: tokenizerJson,
      remedy: 'Put the tokenizer.json and tokenizer_config.json that belong to the weights beside them.',
    });
  };
  const endId = idOf(end, 'end');
  return {
    kind: model.type,
    file: tokenizerJson,
    json: { ...json, added_tokens: (json.added_tokens ?? []).filter(({ special }) => !special) },
    ...{ pieces, endId },
    padId: idOf(named.pad ?? ENDS[end!] ?? end, 'padding'),
    content: createHash('sha256').update(text).digest('hex'),
  };
}

async function specialNames(file?: string): Promise<{ readonly end?: string; readonly pad?: string }> {
  if (file === undefined) return {};
  const { eos_token, pad_token } = parse(await readText(file), configSchema, file);
  const text = (value: z.output<typeof name>): string | undefined =>
    typeof value === 'string' ? value : (value?.content ?? undefined);
  const [end, pad] = [text(eos_token), text(pad_token)];
  return { ...(end !== undefined && { end }), ...(pad !== undefined && { pad }) };
}
