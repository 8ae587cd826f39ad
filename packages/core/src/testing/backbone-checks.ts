import * as tf from '@tensorflow/tfjs-core';
import { FrozenLabels } from '../builtin/frozen-labels.js';
import { canonicalJson } from '../config/canonical.js';
import type { Backbone } from '../contracts/backbone.js';
import { basicServices } from '../experiment/services.js';
import { backboneIdentity } from '../model/backbone-identity.js';
import { encodeReference } from '../model/reference.js';
import type { BackbonePlugin, PartialConfiguration, SourceContext } from '../plugin/define-plugin.js';
import { demandSameBackbone, printOf } from './backbone-print.js';
import { batchFor, classNames, compose, contextOf, jitter, sameValues, train, type Composition } from './compose.js';
import { demand } from './conformance-error.js';
import { checkGradients } from './finite-differences.js';
import { pluginChecks } from './plugin-checks.js';
import { probeLearner, textProbeLearner } from './probe-learner.js';
import type { Checks, ParsedOptions } from './suite.js';

/** What the suite of a backbone needs: a small one, of at least two blocks a tower (the vision tower may have none) and a context length of 24. */
export interface BackboneSuite {
  /** Option sets as a user would write them; each is checked on its own. Default: the plugin's defaults. */
  readonly options?: readonly PartialConfiguration[];
  /** Folder that relative paths of the options refer to. Default: the working directory. */
  readonly folder?: string;
}

/** A backbone plugin with one set of options. */
export interface BackboneSubject {
  readonly plugin: BackbonePlugin;
  readonly suite: BackboneSuite;
  readonly options: ParsedOptions;
}

/** What every backbone must do. */
export const backboneChecks: Checks<BackboneSubject> = {
  ...pluginChecks,
  'says its sizes, and gives finite features of them': (subject) => withBackbone(subject, checkFeatures),
  'its tokenizer gives ids of the text alone': (subject) => withBackbone(subject, checkTokenizer),
  'is known without being made, and has the same bits when it is made again': checkIdentity,
  'an image has the same bits in whichever company': (subject) => withBackbone(subject, checkCompany),
  'gives the states that are asked for': (subject) => withBackbone(subject, checkStates),
  'gradients of prompts and labels are those of the loss (finite differences)': (subject) =>
    withBackbone(subject, (backbone) => {
      const classifier = probed(backbone);
      const batch = batchFor(backbone, 2);
      checkGradients(classifier, batch);
      tf.dispose(Object.values(batch));
      classifier.dispose();
    }),
  'training leaves it as it is': (subject) =>
    withBackbone(subject, (backbone) =>
      demandSameBackbone(backbone, () => {
        const classifier = probed(backbone);
        const batch = batchFor(backbone);
        train(classifier, batch, 2);
        tf.dispose(Object.values(batch));
        classifier.dispose();
      }),
    ),
  'leaves no tensor behind': async (subject) => {
    const before = tf.memory().numTensors;
    await withBackbone(subject, (backbone) => void printOf(backbone));
    const left = tf.memory().numTensors - before;
    demand(left === 0, `Making, using and disposing it leaves ${left} tensors behind.`);
  },
};

/** Prompts in all towers that take any. */
function probeOf({ shape }: Backbone): Composition {
  return { prompt: { plugin: shape.vision.layers > 0 ? probeLearner : textProbeLearner } };
}

/** A classifier with prompts in the towers, off their start. */
function probed(backbone: Backbone): ReturnType<typeof compose> {
  const classifier = compose(contextOf(backbone), probeOf(backbone));
  jitter(classifier.variables);
  return classifier;
}

async function make({ plugin, suite, options }: BackboneSubject): Promise<Backbone> {
  return plugin.create(sourceOf(suite), options);
}

function sourceOf({ folder = '.' }: BackboneSuite): SourceContext {
  return { folder, seed: 1, services: basicServices(1) };
}

async function withBackbone(subject: BackboneSubject, check: (backbone: Backbone) => void): Promise<void> {
  const backbone = await make(subject);
  try {
    check(backbone);
  } finally {
    backbone.dispose();
  }
}

function checkFeatures(backbone: Backbone): void {
  const { shape, logitScale, preprocessing } = backbone;
  for (const tower of ['vision', 'text'] as const) {
    const { width, layers } = shape[tower];
    const enough = layers >= 2 || (tower === 'vision' && layers === 0);
    demand(width > 0 && Number.isInteger(layers) && enough, `Its ${tower} tower has width ${width}, ${layers} blocks.`);
  }
  demand(Number.isFinite(logitScale) && logitScale > 0, `Its logit scale is ${logitScale}.`);
  demand(
    preprocessing.mean.length === 3 && preprocessing.std.length === 3,
    'Its preprocessing lacks means or deviations.',
  );
  tf.tidy(() => {
    const { images } = batchFor(backbone, 3);
    demandShape('Image features', backbone.encodeImages(images), [3, shape.embedding]);
    const { startId = 0, endId } = backbone.tokenizer;
    demandShape('Token embeddings', backbone.embedTokens([startId, endId]), [2, shape.text.width]);
    const labels = new FrozenLabels(backbone, classNames);
    const { encoding } = encodeReference({ backbone, aligner: labels }, 'a photo of a {}.');
    demandShape('Text features', encoding.features, [classNames.length, shape.embedding]);
    labels.dispose();
  });
}

function checkTokenizer({ tokenizer }: Backbone): void {
  const ids = tokenizer.encode('a photo of a sea horse');
  demand(ids.length > 0, 'Its tokenizer gives no token for "a photo of a sea horse".');
  demand(
    ids.every((id) => Number.isInteger(id) && id >= 0),
    'Its tokenizer gives ids that are no whole numbers.',
  );
  const special = ids.find((id) => id === tokenizer.startId || id === tokenizer.endId);
  demand(special === undefined, `Its tokenizer gives the token ${special}, start or end of text, with the text.`);
  demand(sameValues(ids, tokenizer.encode('a photo of a sea horse')), 'Its tokenizer gives other ids the second time.');
  const other = tokenizer.encode('a photo of an owl');
  demand(!sameValues(ids, other), 'Its tokenizer gives the same ids for other words.');
  demand(/sea/.test(tokenizer.decode(ids)) || tokenizer.decode(ids).length > 0, 'It does not decode what it encoded.');
}

async function checkIdentity(subject: BackboneSubject): Promise<void> {
  const { plugin, suite, options } = subject;
  const prints: number[][] = [];
  const identities: string[] = [];
  for (let i = 0; i < 2; i++) {
    await withBackbone(subject, (backbone) => {
      prints.push(printOf(backbone));
      identities.push(canonicalJson(backboneIdentity(backbone)));
    });
  }
  demand(identities[0] === identities[1], 'Its identity is another one when it is made again.');
  demand(sameValues(prints[0]!, prints[1]!), 'It computes other bits when it is made again.');
  if (!plugin.identity) return;
  const early = canonicalJson(await plugin.identity(sourceOf(suite), options));
  demand(early === identities[0], `identity() says ${early}, the backbone itself ${identities[0]}.`);
}

function checkCompany(backbone: Backbone): void {
  const classifier = compose(contextOf(backbone), probeOf(backbone));
  const { images, labels } = batchFor(backbone, 9);
  const predictor = classifier.predictor();
  const logitsOf = (order: readonly number[]): number[][] =>
    tf.tidy(() => predictor.logits({ images: tf.gather(images, tf.tensor1d([...order], 'int32')) }).arraySync());
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const together = logitsOf(all);
  const backwards = logitsOf([...all].reverse()).reverse();
  for (const i of all) {
    const alone = logitsOf([i])[0]!;
    demand(sameValues(alone, together[i]!), `Image ${i} of 9 has other logits alone than together with the others.`);
    demand(sameValues(backwards[i]!, together[i]!), `Image ${i} of 9 has other logits where the order is another one.`);
  }
  predictor.dispose();
  tf.dispose([images, labels]);
  classifier.dispose();
}

function checkStates(backbone: Backbone): void {
  tf.tidy(() => {
    const labels = new FrozenLabels(backbone, classNames);
    const { text, encoding } = encodeReference({ backbone, aligner: labels }, 'a photo of a {}.', { keepLast: 2 });
    demand(encoding.kept === 2, `It was asked to keep the outputs of 2 steps, and kept ${encoding.kept}.`);
    const ends = text.roles.map(({ end }, c) => ({ class: c, position: end }));
    for (const step of [0, 1]) {
      demandShape(`States of step ${step}`, encoding.rows(step, ends), [classNames.length, backbone.shape.text.width]);
    }
    labels.dispose();
  });
}

function demandShape(what: string, tensor: tf.Tensor, shape: readonly number[]): void {
  demand(tensor.shape.join() === shape.join(), `${what} are [${tensor.shape.join(', ')}], not [${shape.join(', ')}].`);
  demand(tensor.dataSync().every(Number.isFinite), `${what} are not finite.`);
}
