import * as tf from '@tensorflow/tfjs-core';
import { normalise, type FixtureDescription, type Observer } from '@promptweave/core';

/** Class and positions whose frozen states are recorded. */
const RECORDED_CLASS = 2;
const RECORDED_ROWS = 16;

/**
 * What recorded runs of COMMA have: the knowledge loss by block, cosines of learned and frozen states at every position, the frozen
 * states of one class.
 */
export function commaObserver({ template }: FixtureDescription): Observer {
  return ({ at, step, outcome }) => {
    if (at !== 'step') return {};
    const { backbone, learner, needs } = step.parts;
    const { contextLength } = backbone.shape.text;
    const blocks = needs.lateBlocks!;
    const perBlock = Object.entries(outcome!.terms).flatMap(([name, { value }]) =>
      name.startsWith('comma/knowledge') ? value : [],
    );
    const { encoding } = step.reference(template!, {
      blocks: learner.textBlocks,
      keepLast: blocks,
      paddedClasses: step.classes,
    });
    const everywhere = Array.from({ length: step.classes * contextLength }, (_, i) => ({
      class: Math.floor(i / contextLength),
      position: i % contextLength,
    }));
    const recorded = everywhere.filter((at) => at.class === RECORDED_CLASS && at.position < RECORDED_ROWS);
    const pass = step.texts[0]!;
    const cosines = Array.from({ length: blocks }, (_, s) => {
      const learned = normalise(pass.encoding.rows(s, everywhere));
      return tf.sum(tf.mul(learned, normalise(encoding.rows(s, everywhere))), -1);
    });
    const states = Array.from({ length: blocks }, (_, s) => normalise(encoding.rows(s, recorded)));
    return {
      loss_kg_per_block: perBlock,
      loss_kg: [perBlock.reduce((sum, value) => sum + value, 0) / perBlock.length],
      kg_cos_map: tf.stack(cosines),
      frozen_last_features_class2: tf.stack(states),
    };
  };
}
