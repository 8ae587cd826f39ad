import { expect, it } from 'vitest';
import { configurationHash, resolveConfiguration, type ResolvedConfiguration } from '../config/index.js';
import { fakeRegistry } from '../config/fake-plugins.test.fixture.js';
import { tinyBackbone, tinyClassifier, tinyDataset, tinyPipeline } from './tiny.test.support.js';
import { identityOf, type TrainRequest } from './train-request.js';

/** Every option of a configuration has a value here, those without a default too. */
const configuration = resolveConfiguration(
  {
    dataset: { use: 'folder', path: 'photos', shots: 4 },
    prompt: 'comma',
    labels: 'lamm',
    train: {
      steps: 5,
      views: 2,
      stepsPerShot: 3,
      learns: ['prompt', 'labels'],
      then: { steps: 2, learns: ['labels'] },
    },
    seeds: { sample: 4, start: 5, order: 6 },
    output: 'runs/a',
  },
  { registry: fakeRegistry() },
) as ResolvedConfiguration;

/** What no number depends on. */
const FREE = ['evaluate.batch', 'output', 'plugins', 'runtime.imageCacheMegabytes', 'tracker.use'];

/** Each option by its path, and the configuration with another value there. */
function changes(value: unknown, path: string[] = []): [string, (whole: object) => object][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => changes(inner, [...path, key]));
  }
  if (Array.isArray(value) && value.some((entry) => typeof entry === 'object')) {
    return value.flatMap((inner, i) => changes(inner, [...path, String(i)]));
  }
  return [[path.join('.'), (whole) => changed(whole, path)]];
}

function changed(whole: object, path: readonly string[]): object {
  const copy = structuredClone(whole) as Record<string, unknown>;
  let place = copy;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  const last = path.at(-1)!;
  const old = place[last];
  if (typeof old === 'number') place[last] = old + 1;
  else if (typeof old === 'boolean') place[last] = !old;
  else if (Array.isArray(old)) place[last] = [...old, old[0] ?? 'more'];
  else place[last] = `other ${String(old)}`;
  return copy;
}

const classifier = tinyClassifier();
const request = (of: Partial<TrainRequest> = {}): TrainRequest => ({
  classifier,
  pipeline: tinyPipeline,
  dataset: tinyDataset(2),
  settings: configuration.train,
  seed: 1,
  configuration,
  modules: { mine: '1' },
  ...of,
});
const text = (of?: Partial<TrainRequest>): string => JSON.stringify(identityOf(request(of)));

const options = changes(configuration);

it('looks at every option of a configuration', () => {
  expect(options.length).toBeGreaterThan(45);
  expect(options.map(([path]) => path)).toEqual(
    expect.arrayContaining([...FREE, 'losses.1.use', 'train.views', 'train.then.steps', 'train.then.learns', 'seed']),
  );
});

it.each(options)('of a cell and of a run that goes on counts %s, or is known not to', (path, change) => {
  const other = change(configuration) as ResolvedConfiguration;
  expect(configurationHash(other) !== configurationHash(configuration)).toBe(!FREE.includes(path));
  expect(text({ configuration: other }) !== text()).toBe(!FREE.includes(path));
});

const dataset = tinyDataset(2);
const { preprocessing } = tinyBackbone();
const on = (backbone: object): Partial<TrainRequest> => ({
  classifier: tinyClassifier({ backbone: { ...tinyBackbone(), ...backbone } }),
});
it.each<[string, Partial<TrainRequest>]>([
  ['weights', on({ digest: 'others' })],
  ['means of the pixels', on({ preprocessing: { ...preprocessing, mean: [0.5, 0, 0] } })],
  ['deviations of the pixels', on({ preprocessing: { ...preprocessing, std: [1, 1, 0.5] } })],
  ['ways of resizing', on({ preprocessing: { ...preprocessing, resize: 'squash' } })],
  ['kernels', on({ preprocessing: { ...preprocessing, interpolation: 'bilinear' } })],
  ['activations', on({ settings: { activation: 'gelu' } })],
  ['classes', { classifier: tinyClassifier({ classNames: ['ant', 'bee', 'cow'] }) }],
  ['template', { dataset: { ...dataset, template: 'a drawing of {}' } }],
  ['images', { dataset: { ...dataset, digest: 'others' } }],
  ['way of reading them', { dataset: { ...dataset, imagePolicy: 'reference' } }],
  ['number of images', { dataset: { ...dataset, train: dataset.train.slice(1) } }],
  ['files that its parts read', { contents: { 'head.descriptions': 'abc' } }],
  ['version of a plugin', { modules: { mine: '2' } }],
  ['seed', { seed: 2 }],
  ['settings', { settings: { ...configuration.train, batch: 3 } }],
])('of a run that goes on counts other %s', (_, other) => {
  expect(text(other)).not.toBe(text());
});
