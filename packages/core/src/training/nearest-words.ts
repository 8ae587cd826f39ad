import * as tf from '@tensorflow/tfjs-core';
import type { Backbone } from '../contracts/backbone.js';
import type { Tokenizer } from '../contracts/tokenizer.js';
import type { Classifier } from '../model/classifier.js';

/** A word of the vocabulary and its Euclidean distance. */
export interface NearWord {
  readonly word: string;
  readonly distance: number;
}

/** A learned vector in the space of token embeddings. */
export interface LearnedVector {
  /** Class that the vector belongs to; absent where all classes share it. */
  readonly class?: string;
  /** Place among its context vectors, or among the tokens of its class's name; from 0. */
  readonly position: number;
  /** For labels: the word that the vector started from, and how far it is from there now. */
  readonly from?: NearWord;
  /** The nearest first. */
  readonly words: readonly NearWord[];
}

/** The words nearest to what was learned, as CoOp's paper (2109.01134, table 4) shows them. */
export interface NearestWords {
  readonly context: readonly LearnedVector[];
  readonly labels: readonly LearnedVector[];
}

/** Vectors that are looked up; more than these nobody reads. */
const LIMIT = 256;
const NEAREST = 4;
/** Nearest tokens that are looked through: some are bytes or signs, and stand for no word. */
const CANDIDATES = 24;
/** Tokens that are compared together: the table of a large vocabulary is never whole in memory. */
const CHUNK = 8192;

/** A vector, and what is known about it. */
interface Row extends Pick<LearnedVector, 'class' | 'position'> {
  readonly vector: Float32Array;
  readonly original?: Float32Array;
}

/**
 * Looks up the words nearest to the learned context and label vectors.
 *
 * @returns undefined where neither is learned. Context that depends on the image has no fixed words and is left out.
 */
export function nearestWords(classifier: Classifier): NearestWords | undefined {
  const context = contextRows(classifier);
  const labels = labelRows(classifier);
  if (context.length + labels.length === 0) return undefined;
  const { backbone } = classifier.parts;
  return { context: lookUp(context, backbone), labels: lookUp(labels, backbone) };
}

/** The learned context, [n, T] or [C, n, T]. */
function contextRows({ parts: { learner, learnerProperties, aligner } }: Classifier): Row[] {
  if (Object.keys(learner.variables).length === 0 || learnerProperties.dependsOnImage) return [];
  const context: number[][][] = [];
  tf.tidy(() => {
    const { text } = learner.prompts();
    if (text)
      context.push(...(tf.reshape(text.vectors, [-1, ...text.vectors.shape.slice(-2)]).arraySync() as number[][][]));
  });
  const isShared = context.length === 1;
  const rows = context.flatMap((vectors, c) =>
    vectors.map((vector, position): Row => {
      return { class: isShared ? undefined : aligner.classNames[c], position, vector: Float32Array.from(vector) };
    }),
  );
  return rows.slice(0, LIMIT);
}

/** The label vectors that are no longer what they were. */
function labelRows({ parts: { aligner, alignerProperties } }: Classifier): Row[] {
  if (!alignerProperties.trainsLabels) return [];
  const read = (which: 'labels' | 'anchors'): { names: number[][]; extra: number[][][] } =>
    tf.tidy(() => {
      const { names, afterContext } = aligner[which]();
      return { names: names.arraySync(), extra: afterContext?.arraySync() ?? [] };
    });
  const { names, extra } = read('labels');
  const { names: originals } = read('anchors');
  const lengths = tf.tidy(() => [...aligner.labels().lengths]);
  let first = 0;
  const rows = aligner.classNames.flatMap((name, c): Row[] => {
    const at = first;
    first += lengths[c]!;
    const own = Array.from({ length: lengths[c]! }, (_, position): Row => {
      const [vector, original] = [names, originals].map((list) => Float32Array.from(list[at + position]!));
      return { class: name, position, vector: vector!, original };
    });
    const added = (extra[c] ?? []).map((vector, position): Row => {
      return { class: name, position, vector: Float32Array.from(vector), original: own[position]?.original };
    });
    return [...own.filter(hasMoved), ...added];
  });
  return rows.slice(0, LIMIT);
}

function hasMoved({ vector, original }: Row): boolean {
  return original === undefined || vector.some((value, i) => value !== original[i]);
}

/** Ids of the vocabulary but start, end and padding. */
function wordsOf({ startId, endId, padId, vocabularySize }: Tokenizer): number[] {
  const special = [startId, endId, padId].filter((id) => id !== undefined);
  const size = vocabularySize ?? Math.min(startId ?? endId, endId);
  return Array.from({ length: size }, (_, id) => id).filter((id) => !special.includes(id));
}

function lookUp(rows: readonly Row[], backbone: Backbone): LearnedVector[] {
  const origins = rows.map(({ vector, original }) => original ?? vector);
  const near = nearestOf([...rows.map(({ vector }) => vector), ...origins], backbone);
  const wordOf = ({ id, distance }: NearToken): NearWord => {
    return { word: backbone.tokenizer.decode([id]).trim(), distance: round(distance) };
  };
  return rows.map(({ class: name, position, vector, original }, i) => {
    const origin = near[rows.length + i]![0];
    const from = original && origin && { word: wordOf(origin).word, distance: round(distanceOf(vector, original)) };
    return { class: name, position, from, words: near[i]!.map(wordOf).filter(isWord).slice(0, NEAREST) };
  });
}

function isWord({ word }: NearWord): boolean {
  return /[\p{L}\p{N}]/u.test(word);
}

interface NearToken {
  readonly id: number;
  readonly distance: number;
}

/** The tokens nearest to each vector, the nearest first; none for a vector that is no numbers, for nothing is near it. */
function nearestOf(rows: readonly Float32Array[], backbone: Backbone): NearToken[][] {
  const found = rows.map((): NearToken[] => []);
  if (rows.length === 0) return found;
  const words = wordsOf(backbone.tokenizer);
  const lengths = rows.map((row) => row.reduce((sum, value) => sum + value * value, 0)); // |v|²
  for (let first = 0; first < words.length; first += CHUNK) {
    const ids = words.slice(first, first + CHUNK);
    const [far, places] = tf.tidy(() => {
      const table = backbone.embedTokens(ids);
      const vectors = tf.stack(rows.map((row) => tf.tensor1d(row))) as tf.Tensor2D; // [R, T]
      const products = tf.matMul(vectors, tf.transpose(table)); // [R, ids]
      const squares = tf.sub(tf.sum(tf.square(table), 1), tf.mul(products, 2)); // |t|² − 2vt, |v|² is missing
      const { values, indices } = tf.topk(tf.neg(squares), Math.min(CANDIDATES, ids.length));
      return [values.arraySync() as number[][], indices.arraySync() as number[][]];
    });
    found.forEach((known, i) => {
      const more = places![i]!.flatMap((place, k): NearToken[] => {
        const [id, distance] = [ids[place], Math.sqrt(Math.max(0, lengths[i]! - far![i]![k]!))];
        return id === undefined || Number.isNaN(distance) ? [] : [{ id, distance }];
      });
      found[i] = [...known, ...more].sort((a, b) => a.distance - b.distance).slice(0, CANDIDATES);
    });
  }
  return found;
}

function distanceOf(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
