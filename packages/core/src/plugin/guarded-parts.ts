import * as tf from '@tensorflow/tfjs-core';
import type { Backbone } from '../contracts/backbone.js';
import type { GradientRule } from '../contracts/gradient-rule.js';
import type { Head } from '../contracts/head.js';
import type { Loss, LossTerm } from '../contracts/loss.js';
import type { LabelAligner, PromptLearner } from '../contracts/parts.js';
import type { LabelEmbeddings, LearnedPrompts, Prompts } from '../contracts/prompts.js';
import type { Tuning } from '../contracts/tuning.js';
import { guarded } from './guarded.js';
import { PluginFault, type PluginOwner } from './plugin-fault.js';

/** A prompt learner of a plugin, whose faults are told as the plugin's. @throws PluginFault where it lacks what the contract demands */
export function guardedLearner(learner: PromptLearner, owner: PluginOwner, backbone: Backbone): PromptLearner {
  const { shape } = backbone;
  const others = { withClasses: (other: PromptLearner) => guardedLearner(other, owner, backbone) };
  demandParts(learner, owner, ['prompts', 'dispose']);
  return guarded(
    learner,
    owner,
    {
      prompts: (given) => {
        const { text, vision } = given as LearnedPrompts;
        if (text) {
          const width = text.vectors.shape.at(-1);
          if (width !== shape.text.width)
            return `gives text vectors ${sizes(text.vectors)}, not ${shape.text.width} wide,`;
          const rank = text.scope === 'shared' ? 2 : 3;
          if (text.vectors.rank !== rank)
            return `gives text vectors ${sizes(text.vectors)} for the scope "${text.scope}"`;
        }
        return vision && wrongPrompts(vision, shape.vision.width);
      },
    },
    others,
  );
}

/** A label aligner of a plugin. */
export function guardedAligner(aligner: LabelAligner, owner: PluginOwner, backbone: Backbone): LabelAligner {
  demandParts(aligner, owner, ['labels', 'anchors', 'withClasses', 'dispose']);
  const embeddings = (given: unknown): string | undefined => {
    const { names, lengths } = given as LabelEmbeddings;
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    if (lengths.length !== aligner.classNames.length) {
      return `gives names of ${lengths.length} classes, and there are ${aligner.classNames.length},`;
    }
    const { width } = backbone.shape.text;
    if (names.shape[0] === rows && names.shape[1] === width) return undefined;
    return `gives embeddings ${sizes(names)} instead of [${rows}, ${width}]`;
  };
  const others = { withClasses: (other: LabelAligner) => guardedAligner(other, owner, backbone) };
  return guarded(aligner, owner, { labels: embeddings, anchors: embeddings }, others);
}

/** A loss of a plugin. */
export function guardedLoss(loss: Loss, owner: PluginOwner): Loss {
  demandParts(loss, owner, ['terms', 'dispose']);
  return guarded(loss, owner, { terms: wrongTerms });
}

function wrongTerms(given: unknown): string | undefined {
  if (!Array.isArray(given)) return 'gives no list of terms';
  for (const { name, value, weight } of given as LossTerm[]) {
    if (!(value instanceof tf.Tensor)) return `gives a term "${name}" that is no tensor`;
    if (value.rank !== 0) return `gives a term "${name}" of the shape ${sizes(value)}, and it must be a scalar,`;
    if (!Number.isFinite(weight)) return `gives the term "${name}" the weight ${weight}`;
  }
  return undefined;
}

/** A head of a plugin. */
export function guardedHead(head: Head, owner: PluginOwner): Head {
  demandParts(head, owner, ['logits', 'withClasses', 'dispose']);
  const logits = (given: unknown): string | undefined => {
    const tensor = given as tf.Tensor;
    const classes = head.classNames.length;
    if (tensor.rank === 2 && tensor.shape[1] === classes) return undefined;
    return `gives logits ${sizes(tensor)}, not [images, ${classes}],`;
  };
  return guarded(
    head,
    owner,
    { logits, terms: wrongTerms },
    { withClasses: (other: Head) => guardedHead(other, owner) },
  );
}

/** A tuning of a plugin. */
export function guardedTuning(tuning: Tuning, owner: PluginOwner): Tuning {
  demandParts(tuning, owner, ['towers', 'dispose']);
  return guarded(tuning, owner);
}

/** A gradient rule of a plugin. */
export function guardedRule(rule: GradientRule, owner: PluginOwner): GradientRule {
  demandParts(rule, owner, ['isAside', 'combine']);
  return guarded(rule, owner);
}

function demandParts(part: unknown, owner: PluginOwner, methods: readonly string[]): void {
  if (typeof part !== 'object' || part === null) throw new PluginFault(owner, `makes ${String(part)} in create().`);
  const lacking = methods.filter((method) => typeof (part as Record<string, unknown>)[method] !== 'function');
  if (lacking.length > 0)
    throw new PluginFault(owner, `makes a part without ${lacking.map((name) => `${name}()`).join(', ')}.`);
}

function wrongPrompts({ shallow, deep, inserted }: Prompts, width: number): string | undefined {
  const all = [...(shallow ? [shallow] : []), ...deep, ...(inserted?.rows ?? [])];
  const wrong = all.find((prompts) => prompts.rank !== 2 || prompts.shape[1] !== width);
  return wrong && `gives vision prompts ${sizes(wrong)}, not [n, ${width}],`;
}

function sizes({ shape }: tf.Tensor): string {
  return `[${shape.join(', ')}]`;
}
