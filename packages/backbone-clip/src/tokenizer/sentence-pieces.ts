import { createHash } from 'node:crypto';
import { CheckpointError } from '@promptweave/core';
import { z } from 'zod';
import { isObject } from '../checkpoint/config/json-file.js';
import { readCharsmap } from './charsmap.js';
import { readSpieceModel } from './spiece-model.js';
import { parse, readBytes, readText } from './vocabulary.js';
import type { TokenizerFiles } from './load-tokenizer.js';

/** Whose texts: SigLIP's have no start; those of CLIP's towers (MetaCLIP 2) begin as the file says. */
export type TextForm = 'siglip' | 'clip';

/** What a file of sentence pieces holds. */
export interface SentencePieces {
  readonly kind: 'Unigram' | 'BPE';
  /** As `@huggingface/tokenizers` reads it, without the special tokens: written out in a text they are text. */
  readonly json: object;
  /** What is done to a cleaned text before that; absent where the library does it. */
  readonly normalise?: (text: string) => string;
  /** The piece of every id. */
  readonly pieces: ReadonlyMap<number, string>;
  /** Of the token that texts begin with; absent where there is none. */
  readonly startId?: number;
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
/** What puts special tokens around a text, in the two forms that there are. */
const around = z
  .union([
    z.looseObject({
      type: z.literal('TemplateProcessing'),
      single: z.array(z.looseObject({ SpecialToken: z.looseObject({ id: z.string() }).optional() })),
    }),
    z.looseObject({ type: z.literal('RobertaProcessing'), cls: z.tuple([z.string(), z.number()]) }),
    z.looseObject({ type: z.string() }),
  ])
  .nullish();
/** Tables of hundreds of thousands of pieces are looked at and not copied. */
const scores = z.custom<readonly (readonly [string, number])[]>(
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((row) => Array.isArray(row) && typeof row[0] === 'string' && typeof row[1] === 'number'),
  { error: 'expected pieces with their scores' },
);
const idsByPiece = z.custom<Readonly<Record<string, number>>>(
  (value) => isObject(value) && Object.values(value).every((id) => Number.isInteger(id) && (id as number) >= 0),
  { error: 'expected pieces with their ids' },
);
const schema = z.looseObject({
  post_processor: around,
  added_tokens: z.array(z.looseObject(added.shape)).nullish(),
  model: z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('Unigram'), vocab: scores }),
    z.looseObject({ type: z.literal('BPE'), vocab: idsByPiece }),
  ]),
});

const name = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const configSchema = z.looseObject({ eos_token: name, pad_token: name });

/** @throws CheckpointError where the files are missing, malformed or of another kind of tokenizer */
export async function readSentencePieces(
  { tokenizerJson, spiece, tokenizerConfig }: TokenizerFiles,
  form: TextForm,
): Promise<SentencePieces> {
  const special = await specialNames(tokenizerConfig);
  if (tokenizerJson !== undefined) return fromTokenizerJson(tokenizerJson, special, form);
  if (spiece !== undefined && form === 'siglip') return fromSpiece(spiece, special);
  throw new CheckpointError('No tokenizer.json lies beside the weights, and this model needs its own.', {
    where: spiece,
    remedy:
      "Put the model's tokenizer.json (or, of a SigLIP, spiece.model) beside its weights: copies of timm have it, and in Python " +
      'AutoTokenizer.from_pretrained(…).save_pretrained(…) writes it.',
  });
}

async function fromSpiece(file: string, special: SpecialNames): Promise<SentencePieces> {
  const bytes = await readBytes(file, LARGEST_FILE);
  const { pieces: texts, json, normalise } = readSpieceModel(bytes, file);
  const pieces = new Map(texts.map((piece, id) => [id, piece]));
  return {
    ...{ kind: 'Unigram', file, json, pieces, normalise },
    ...specialIds(pieces, special, undefined, file),
    content: createHash('sha256').update(bytes).digest('hex'),
  };
}

async function fromTokenizerJson(file: string, special: SpecialNames, form: TextForm): Promise<SentencePieces> {
  const text = await readText(file, LARGEST_FILE);
  const json = parse(text, schema, file);
  const { model } = json;
  if (model.type === 'BPE' && 'end_of_word_suffix' in model && model['end_of_word_suffix']) {
    throw new CheckpointError('The tokenizer is one of CLIP, and the weights need one of sentence pieces.', {
      where: file,
      remedy: 'Put the tokenizer.json that belongs to the weights beside them.',
    });
  }
  const pieces = new Map<number, string>();
  if (model.type === 'Unigram') model.vocab.forEach(([piece], id) => pieces.set(id, piece));
  else for (const piece of Object.keys(model.vocab)) pieces.set(model.vocab[piece]!, piece);
  for (const { id, content } of json.added_tokens ?? []) pieces.set(id, content);
  const { normalizer, normalise } = withoutCharsmap(json['normalizer']);
  const start = form === 'clip' ? { token: startOf(json.post_processor, file) } : undefined;
  return {
    ...{ kind: model.type, file, pieces, ...(normalise && { normalise }) },
    json: {
      ...json,
      normalizer,
      added_tokens: (json.added_tokens ?? []).filter(({ special: isSpecial }) => !isSpecial),
    },
    ...specialIds(pieces, special, start, file),
    content: createHash('sha256').update(text).digest('hex'),
  };
}

/** The ids of the tokens around a text. @param start of texts that may have one */
function specialIds(
  pieces: ReadonlyMap<number, string>,
  special: SpecialNames,
  start: { readonly token: string | undefined } | undefined,
  file: string,
): Pick<SentencePieces, 'startId' | 'endId' | 'padId'> {
  const candidates = [special.end, special.pad, start?.token, '<pad>', ...Object.keys(ENDS), ...Object.values(ENDS)];
  const ids = new Map<string, number>();
  for (const [id, piece] of pieces) if (candidates.includes(piece)) ids.set(piece, id);
  const end = special.end ?? Object.keys(ENDS).find((candidate) => ids.has(candidate));
  const idOf = (token: string | undefined, what: string): number => {
    const id = token === undefined ? undefined : ids.get(token);
    if (id !== undefined) return id;
    throw new CheckpointError(`The vocabulary has no ${what} token ${token ?? Object.keys(ENDS).join(' or ')}.`, {
      where: file,
      remedy: 'Put the tokenizer.json and tokenizer_config.json that belong to the weights beside them.',
    });
  };
  const endId = idOf(end, 'end');
  const usualPad = start && ids.has('<pad>') ? '<pad>' : ENDS[end!];
  const startId = start?.token === undefined ? undefined : idOf(start.token, 'start');
  return { ...(startId !== undefined && { startId }), endId, padId: idOf(special.pad ?? usualPad ?? end, 'padding') };
}

/** The library approximates SentencePiece's table of characters: where a normaliser begins with it, it is done here. */
function withoutCharsmap(normalizer: unknown): {
  readonly normalizer: unknown;
  readonly normalise?: (text: string) => string;
} {
  const steps = isObject(normalizer) && normalizer['type'] === 'Sequence' ? normalizer['normalizers'] : [normalizer];
  const [first, ...others] = Array.isArray(steps) ? (steps as unknown[]) : [];
  if (!isObject(first) || first['type'] !== 'Precompiled' || typeof first['precompiled_charsmap'] !== 'string')
    return { normalizer };
  const map = readCharsmap(Buffer.from(first['precompiled_charsmap'], 'base64'));
  if (!map) return { normalizer };
  return {
    normalizer: others.length === 0 ? null : { type: 'Sequence', normalizers: others },
    normalise: map.byGraphemes,
  };
}

/** The token that stands before a text; nothing where the text comes first. */
function startOf(processor: z.output<typeof around>, file: string): string | undefined {
  if (processor?.type === 'RobertaProcessing') return (processor as { cls: [string, number] }).cls[0];
  if (processor?.type === 'TemplateProcessing') {
    return (processor as { single: { SpecialToken?: { id: string } }[] }).single[0]?.SpecialToken?.id;
  }
  throw new CheckpointError(
    'The tokenizer does not say how texts begin: it has no post_processor that is known here.',
    {
      where: file,
      remedy: "Put the model's own tokenizer.json beside the weights.",
    },
  );
}

/** Whether a `tokenizer.json` is of the kind Unigram, judged without taking it apart. */
export async function isUnigram(tokenizerJson: string): Promise<boolean> {
  return /"model"\s*:\s*\{\s*"type"\s*:\s*"Unigram"/.test(await readText(tokenizerJson, LARGEST_FILE));
}

interface SpecialNames {
  readonly end?: string;
  readonly pad?: string;
}

async function specialNames(file?: string): Promise<SpecialNames> {
  if (file === undefined) return {};
  const { eos_token, pad_token } = parse(await readText(file), configSchema, file);
  const text = (value: z.output<typeof name>): string | undefined =>
    typeof value === 'string' ? value : (value?.content ?? undefined);
  const [end, pad] = [text(eos_token), text(pad_token)];
  return { ...(end !== undefined && { end }), ...(pad !== undefined && { pad }) };
}
