import type { StepShape, StepWork, WorkOptions } from '../contracts/work.js';
import { BackendError } from '../errors.js';
import type { Classifier } from '../model/classifier.js';
import { stepShape } from '../model/step-shape.js';
import type { PhaseSettings } from './phase-settings.js';

/** What will be computed. */
export interface MemoryRequest {
  readonly classifier: Classifier;
  /** Images of a training step. */
  readonly batch: number;
  /** Training takes image features from a store. */
  readonly featuresKnown: boolean;
}

/** What of a phase of a training its memory depends on. */
export interface PhaseMemory {
  readonly classifier: Classifier;
  readonly settings: Pick<PhaseSettings, 'batch' | 'augment' | 'views'>;
}

/** What a phase of a training computes. */
export function memoryOf({ classifier, settings }: PhaseMemory): MemoryRequest {
  const { batch, augment, views } = settings;
  return { classifier, batch, featuresKnown: !augment || views !== undefined };
}

/** Share of the available memory from which on a warning is due. */
const NEARLY = 0.8;

/**
 * Bytes that training and evaluation need at most, beyond those of a process that holds the backbone; undefined where the backbone does
 * not know. An estimate: see docs/speed.md for how near it comes.
 */
export function estimatedBytes(request: MemoryRequest, options?: WorkOptions): number | undefined {
  const { classifier, batch, featuresKnown } = request;
  const { backbone, learnerProperties } = classifier.parts;
  if (!backbone.work) return undefined;
  const training = stepShape(classifier.parts, batch, featuresKnown);
  const together = learnerProperties.dependsOnImage ? 1 : (backbone.imagesPerBlock ?? 1);
  const evaluation: StepShape = {
    ...stepShape({ ...classifier.parts, needs: {} }, together),
    textGradient: false,
    visionGradient: false,
  };
  return Math.max(bytesOf(backbone.work(training, options)), bytesOf(backbone.work(evaluation, options)));
}

function bytesOf({ textBytes, visionBytes, passingBytes }: StepWork): number {
  return textBytes + visionBytes + passingBytes;
}

/**
 * Compares what a run will need with what there is, before it begins.
 *
 * @param available bytes that the backend can still have
 * @returns a warning where it is a near thing
 * @throws BackendError where it is too much, with what would make it fit
 */
export function checkMemory(request: MemoryRequest, available: number): string | undefined {
  const needed = estimatedBytes(request);
  if (needed === undefined || needed <= NEARLY * available) return undefined;
  const sizes = `A training step needs about ${gibibytes(needed)} of memory; ${gibibytes(available)} are available.`;
  const advice = whatHelps(request, NEARLY * available);
  if (needed <= available) return `${sizes} ${advice}`;
  const [change] = helping(request, NEARLY * available);
  throw new BackendError(sizes, { where: 'memory', remedy: advice, change });
}

function whatHelps(request: MemoryRequest, limit: number): string {
  const named = helping(request, limit);
  if (named.length === 0)
    return 'Take fewer classes, a smaller model, or a machine (or container limit) with more memory.';
  return `Set one of these (they change memory and time, and of the numbers only those that train.batch means): ${named.join(', ')}.`;
}

/** Settings that bring the need below the limit, the cheapest first. */
function helping(request: MemoryRequest, limit: number): string[] {
  const { batch, classifier } = request;
  const classes = classifier.parts.aligner.classNames.length;
  const chunks = [0.5, 0.25, 0.1, 0.02].map((share) => Math.max(1, Math.round(share * classes)));
  const batches = [batch / 2, batch / 4, 1].map((count) => Math.max(1, Math.floor(count)));
  const ways: [string, MemoryRequest, WorkOptions?][] = [
    ...chunks.map((classChunk): [string, MemoryRequest, WorkOptions] => [
      `backbone.classChunk=${classChunk}`,
      request,
      { classChunk },
    ]),
    ['backbone.recompute=true', request, { recompute: true }],
    ...batches.map((count): [string, MemoryRequest] => [`train.batch=${count}`, { ...request, batch: count }]),
    [
      `backbone.recompute=true backbone.classChunk=${chunks.at(-1)} train.batch=1`,
      { ...request, batch: 1 },
      { recompute: true, classChunk: chunks.at(-1) },
    ],
  ];
  const enough = ways.filter(([, changed, options]) => (estimatedBytes(changed, options) ?? 0) <= limit);
  const firstOf = (option: string): string[] =>
    enough.filter(([name]) => name.startsWith(option)).flatMap(([name], i) => (i === 0 ? [name] : []));
  return ['backbone.classChunk', 'backbone.recompute', 'train.batch'].flatMap(firstOf);
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
