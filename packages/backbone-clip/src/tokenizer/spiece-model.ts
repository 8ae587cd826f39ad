import { CheckpointError } from '@promptweave/core';
import { readCharsmap } from './charsmap.js';
import { fieldsOf, floatOf, type Field } from './protobuf.js';

/** Kinds of pieces, by their numbers in `sentencepiece_model.proto`. */
const NORMAL = 1;
const UNKNOWN = 2;
const USER_DEFINED = 4;
const UNIGRAM = 1;

/** A Unigram model of SentencePiece. */
export interface SpieceModel {
  /** In the order of their ids. */
  readonly pieces: readonly string[];
  /** As `@huggingface/tokenizers` reads it. A piece that no text may become stands there under a name that no text has. */
  readonly json: object;
  /** What is done to a text before: replacements, and spaces joined and taken off both ends. */
  readonly normalise: (text: string) => string;
}

interface Piece {
  readonly text: string;
  readonly score: number;
  readonly kind: number;
}

/**
 * Reads `spiece.model`, the file of SentencePiece (`sentencepiece_model.proto`): pieces and scores, the trainer's and the normaliser's settings.
 *
 * @throws CheckpointError where it is cut off, or no Unigram model
 */
export function readSpieceModel(bytes: Uint8Array, file: string): SpieceModel {
  try {
    return modelOf([...fieldsOf(bytes)], file);
  } catch (cause) {
    if (!(cause instanceof RangeError || cause instanceof TypeError)) throw cause;
    throw refusal(
      `The file is no model of SentencePiece, or not whole: ${cause.message}.`,
      file,
      'Get the file again.',
    );
  }
}

function modelOf(fields: readonly Field[], file: string): SpieceModel {
  const messages = (number: number): Uint8Array[] =>
    fields.filter((field) => field.number === number).map(({ value }) => value as Uint8Array);
  const pieces = messages(1).map(pieceOf);
  const trainer = settingsOf(messages(2)[0]);
  const normaliser = settingsOf(messages(3)[0]);
  const kind = trainer.get(3) ?? UNIGRAM;
  if (kind !== UNIGRAM || trainer.get(35)) {
    throw refusal(
      kind === UNIGRAM
        ? 'The model of SentencePiece writes unknown characters as bytes.'
        : 'The model of SentencePiece is not of the kind Unigram.',
      file,
      "Put the model's tokenizer.json beside it.",
    );
  }
  const unknown = pieces.findIndex((piece) => piece.kind === UNKNOWN);
  if (pieces.length === 0 || unknown < 0) throw new RangeError('it has no pieces, or none for what is unknown');
  const [flag, charsmap] = [(number: number) => normaliser.get(number) !== 0, normaliser.get(2)];
  const map = charsmap instanceof Uint8Array && charsmap.length > 0 ? readCharsmap(charsmap) : undefined;
  if (charsmap instanceof Uint8Array && charsmap.length > 0 && !map)
    throw new RangeError('its table of characters is cut off');
  if (!flag(3) || !flag(5)) {
    throw refusal(
      'The model of SentencePiece does not mark the beginning of words.',
      file,
      "Put the model's tokenizer.json beside it.",
    );
  }
  return {
    pieces: pieces.map(({ text }) => text),
    json: {
      version: '1.0',
      added_tokens: pieces.flatMap(({ text, kind: own }, id) =>
        own === USER_DEFINED
          ? [{ id, content: text, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false }]
          : [],
      ),
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      post_processor: null,
      decoder: null,
      model: {
        type: 'Unigram',
        unk_id: unknown,
        vocab: pieces.map(({ text, score, kind: own }, id) => [
          own === NORMAL || own === USER_DEFINED ? text : `\u0000${id}`,
          score,
        ]),
      },
    },
    normalise: (text) => {
      const changed = map ? map.longest(text) : text;
      return flag(4) ? changed.replace(/ {2,}/g, ' ').replace(/^ | $/g, '') : changed;
    },
  };
}

function pieceOf(bytes: Uint8Array): Piece {
  const fields = new Map([...fieldsOf(bytes)].map(({ number, value }) => [number, value]));
  const [text, score, kind] = [fields.get(1), fields.get(2), fields.get(3) ?? NORMAL];
  if (!(text instanceof Uint8Array) || typeof kind !== 'number') throw new RangeError('a piece has no text');
  return {
    text: new TextDecoder('utf-8', { fatal: true }).decode(text),
    score: score instanceof Uint8Array && score.length === 4 ? floatOf(score) : 0,
    kind,
  };
}

function settingsOf(bytes: Uint8Array | undefined): Map<number, number | Uint8Array> {
  return new Map((bytes ? [...fieldsOf(bytes)] : []).map(({ number, value }) => [number, value]));
}

function refusal(message: string, where: string, remedy: string): CheckpointError {
  return new CheckpointError(message, { where, remedy });
}
