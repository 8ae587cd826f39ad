import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  differentiableProgram,
  keepCopy,
  normalise,
  TextBase,
  type Loss,
  type LossTerm,
  type NamedTensors,
  type PartContext,
  type TextPass,
  type TokenPosition,
  type TokenRoles,
  type TrainingStep,
} from '@promptweave/core';
import type { knowledgeOptions } from './options.js';

/**
 * COMMA's knowledge loss (arXiv 2401.00268, section 3.3): the outputs F_s of the last S text blocks for the learned prompt
 * stay near those of the frozen CLIP for the hand-crafted prompt of the same class,
 *   L_s = 1 − mean cos(F_s, F_s^frozen),  L = mean (or sum) of L_s over s.
 */
export class KnowledgeLoss implements Loss {
  readonly name = 'comma/knowledge';
  readonly needs;
  /** Normalised outputs of the frozen CLIP at the compared positions, one [K, T] for each of the S blocks. */
  private reference?: { readonly states: readonly tf.Tensor2D[]; readonly roles: readonly TokenRoles[] };

  private readonly base?: TextBase;

  /** @throws ConfigError where a class has no description, or their file cannot be read */
  constructor(
    private readonly context: PartContext,
    private readonly options: z.output<typeof knowledgeOptions>,
  ) {
    if (options.descriptions) {
      this.base = new TextBase(context, options, 'directions', [], `${this.name}.descriptions`);
      this.base.sentences(context.classNames);
    }
    this.needs = { lateBlocks: options.lateBlocks, padding: options.tokens === 'all' };
  }

  terms(step: TrainingStep): LossTerm[] {
    const { lateBlocks, reduce } = this.options;
    const weight = reduce === 'mean' ? 1 / lateBlocks : 1;
    return Array.from({ length: lateBlocks }, (_, s) => ({
      name: lateBlocks === 1 ? this.name : `${this.name}[${s}]`,
      value: meanOf(step.texts.map((pass) => this.ofBlock(step, pass, s))),
      weight,
    }));
  }

  dispose(): void {
    tf.dispose([...(this.reference?.states ?? [])]);
  }

  private ofBlock(step: TrainingStep, { text, encoding }: TextPass, s: number): tf.Scalar {
    const roles = text.roles.slice(0, step.classes);
    this.reference ??= this.base ? this.describe(step, this.base, roles) : this.encodeReference(step, roles);
    // Another loss may have asked for more blocks than this one looks at.
    const block = encoding.kept - this.options.lateBlocks + s;
    const learned = encoding.rows(block, this.positions(roles, this.reference.roles)); // [K, T]
    const compute = (given: NamedTensors): [tf.Scalar] => {
      const cosines = tf.sum(tf.mul(normalise(given.learned as tf.Tensor2D), given.reference!), -1); // [K]
      return [tf.sub(1, tf.mean(cosines))];
    };
    return differentiableProgram('comma knowledge', { learned }, compute, { reference: this.reference.states[s]! })[0];
  }

  private encodeReference(
    step: TrainingStep,
    learnedRoles: readonly TokenRoles[],
  ): NonNullable<KnowledgeLoss['reference']> {
    const { lateBlocks, tokens, template = this.context.template } = this.options;
    const { learner } = step.parts;
    let roles: readonly TokenRoles[] = [];
    const states = tf.tidy(() => {
      const { text, encoding } = step.reference(template, {
        blocks: learner.textBlocks,
        keepLast: lateBlocks,
        paddedClasses: tokens === 'all' ? step.classes : 0,
      });
      roles = text.roles;
      const positions = this.positions(roles, learnedRoles);
      return Array.from({ length: lateBlocks }, (_, s) => keepCopy(normalise(encoding.rows(s, positions))));
    });
    return { states, roles };
  }

  /** The mean directions of the outputs at the end of each class's sentences. */
  private describe(
    step: TrainingStep,
    base: TextBase,
    roles: readonly TokenRoles[],
  ): NonNullable<KnowledgeLoss['reference']> {
    const sentences = base.sentences(this.context.classNames);
    const request = { blocks: step.parts.learner.textBlocks, keepLast: this.options.lateBlocks };
    const states = tf.tidy(() =>
      step.sentenceStates(sentences.flat(), request).map((each) => keepCopy(normalise(base.mean(sentences, each)))),
    );
    return { states, roles };
  }

  /** The positions compared of every class, class after class; tokens of one role come in one order in both prompts. */
  private positions(roles: readonly TokenRoles[], others: readonly TokenRoles[]): TokenPosition[] {
    const { contextLength } = this.context.backbone.shape.text;
    return roles.flatMap(({ name, stop, end }, c) => {
      const both = stop !== undefined && others[c]!.stop !== undefined;
      const chosen = {
        all: Array.from({ length: contextLength }, (_, position) => position),
        aligned: [...name, ...(both ? [stop] : []), end],
        eot: [end],
      }[this.options.tokens];
      return chosen.map((position) => ({ class: c, position }));
    });
  }
}

const meanOf = (values: readonly tf.Scalar[]): tf.Scalar =>
  values.length === 1 ? values[0]! : tf.mean<tf.Scalar>(tf.stack([...values]));
