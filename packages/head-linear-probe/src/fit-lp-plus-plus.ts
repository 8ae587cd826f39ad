import * as tf from '@tensorflow/tfjs-core';
import { cosineLogits, oneHotRows } from '@promptweave/core';
import { countCorrect } from './probe-rows.js';

/** W [C, E], b [C] and α [C]: z_c = W_c·v + b_c + α_c (v·t_c). */
export interface Blend {
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
  readonly alpha: tf.Tensor1D;
}

/** Normalised image features, [K, E], and their classes. */
export interface Examples {
  readonly rows: tf.Tensor2D;
  readonly labels: Int32Array;
}

export interface FitRequest {
  readonly train: Examples;
  readonly validation?: Examples;
  /** Normalised text features, [C, E]. */
  readonly texts: tf.Tensor2D;
  readonly epochs: number;
  readonly textEvery: number;
  readonly momentum: number;
  /** α moves by the sum of all gradients so far. */
  readonly sumsGradients: boolean;
}

/** The authors' factor of the first α. */
const ALPHA_SCALE = 250;
/** Steps of the power iteration. */
const POWERS = 100;

/**
 * LP++ (arXiv 2404.02285, sections 3 and 4): full-batch gradient descent with step sizes from Lipschitz constants, W and b in every epoch, α in
 * every tenth. W starts at the sum of a class's features, α at 250 times the mean cosine of images with their own class. With validation
 * images the values of the best epoch are taken, the last of equals; otherwise those of the last epoch.
 *
 * @returns kept tensors, the caller's
 */
export function fitLpPlusPlus(request: FitRequest): Blend {
  const { train, validation, texts, epochs, textEvery, momentum, sumsGradients } = request;
  const [classes] = texts.shape;
  const [count] = train.rows.shape;
  return held((hold) => {
    const own = hold(() => oneHotRows(tf.tensor1d(train.labels, 'int32'), classes));
    const cosines = hold(() => cosineLogits(train.rows, texts, 1)); // [K, C]
    const ofValidation = validation && hold(() => cosineLogits(validation.rows, texts, 1));
    const rateW = (4 * count) / largestEigenvalue(train.rows);
    const rateAlpha = tf.tidy(() => count / (4 * tf.max(tf.sum(tf.square(cosines), 0)).dataSync()[0]!));
    const start = tf.tidy(() => {
      const images = tf.sum(own, 0);
      const mean = tf.divNoNan(tf.sum(tf.mul(cosines, own), 0), images);
      return ALPHA_SCALE * tf.mean(mean).dataSync()[0]!;
    });
    let blend: Blend = {
      weight: hold(() => tf.matMul(own, train.rows, true, false)),
      bias: hold(() => tf.zeros([classes])),
      alpha: hold(() => tf.fill([classes], start)),
    };
    let velocity = { weight: hold(() => tf.zerosLike(blend.weight)), bias: hold(() => tf.zerosLike(blend.bias)) };
    let summed = hold(() => tf.zerosLike(blend.alpha));
    let best = { correct: -1, blend };
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const rest = hold(
        () => tf.div(tf.sub(tf.softmax(blended(blend, train.rows, cosines)), own), count) as tf.Tensor2D,
      );
      const ofAlpha = hold(() => tf.sum(tf.mul(rest, cosines), 0) as tf.Tensor1D);
      summed = hold(() => (sumsGradients ? tf.add(summed, ofAlpha) : ofAlpha));
      velocity = {
        weight: hold(() => tf.add(tf.mul(velocity.weight, momentum), tf.matMul(rest, train.rows, true, false))),
        bias: hold(() => tf.add(tf.mul(velocity.bias, momentum), tf.sum(rest, 0))),
      };
      blend = {
        weight: hold(() => tf.sub(blend.weight, tf.mul(velocity.weight, rateW))),
        bias: hold(() => tf.sub(blend.bias, tf.mul(velocity.bias, rateW))),
        alpha: epoch % textEvery === 0 ? hold(() => tf.sub(blend.alpha, tf.mul(summed, rateAlpha))) : blend.alpha,
      };
      const correct = validation
        ? tf.tidy(() => countCorrect(blended(blend, validation.rows, ofValidation!), validation.labels))
        : epoch;
      if (correct >= best.correct) best = { correct, blend };
      hold.keepOnly(
        own,
        cosines,
        ofValidation,
        summed,
        ...Object.values(velocity),
        ...Object.values(blend),
        ...Object.values(best.blend),
      );
    }
    return best.blend;
  });
}

/** Logits, [K, C]. */
export function blended({ weight, bias, alpha }: Blend, rows: tf.Tensor2D, cosines: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.add(tf.matMul(rows, weight, false, true), bias), tf.mul(cosines, alpha));
}

/** λ_max of VᵀV by power iteration. */
function largestEigenvalue(rows: tf.Tensor2D): number {
  return tf.tidy(() => {
    const square = tf.matMul(rows, rows, true, false); // [E, E]
    let vector: tf.Tensor2D = tf.ones([rows.shape[1], 1]);
    let value: tf.Tensor = tf.scalar(0);
    for (let i = 0; i < POWERS; i++) {
      const next = tf.matMul(square, vector);
      value = tf.norm(next);
      vector = tf.div(next, value);
    }
    return value.dataSync()[0]!;
  });
}

/** Keeps tensors of a loop, those that are still needed. */
interface Hold {
  <T extends tf.Tensor>(make: () => T): T;
  /** Frees all held tensors but these. */
  keepOnly(...needed: readonly (tf.Tensor | undefined)[]): void;
}

/** Frees what `work` held, but for what it gives. */
function held<T extends object>(work: (hold: Hold) => T): T {
  let all: tf.Tensor[] = [];
  const hold = Object.assign(
    <R extends tf.Tensor>(make: () => R): R => {
      const made = tf.tidy(() => tf.keep(tf.clone(make()))) as R;
      all.push(made);
      return made;
    },
    {
      keepOnly: (...needed: readonly (tf.Tensor | undefined)[]): void => {
        tf.dispose(all.filter((tensor) => !needed.includes(tensor)));
        all = all.filter((tensor) => needed.includes(tensor));
      },
    },
  );
  const result = work(hold);
  hold.keepOnly(...(Object.values(result) as tf.Tensor[]));
  return result;
}
