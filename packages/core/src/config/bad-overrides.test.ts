import { describe, expect, it } from 'vitest';
import { fakeRegistry } from './fake-plugins.test.fixture.js';
import { messageOf } from './refusal.test.support.js';
import { resolveConfiguration } from './resolve.js';
import { parseConfiguration } from './source.js';

const registry = fakeRegistry();

const file =
  'dataset: emoji/animals\nseed: 1\nprompt: { use: comma, depth: 4 }\nlosses: [cross-entropy, comma/knowledge]\n';

/** What is wrong, the overrides, and all that the error says. */
const badOverrides: readonly (readonly [string, readonly string[], string])[] = [
  ['without =', ['train.batch'], 'override "train.batch": expected path=value, such as train.batch=8'],
  ['without a path', ['=8'], 'override "=8": expected path=value, such as train.batch=8'],
  ['with an empty step', ['train..batch=8'], 'override "train..batch=8": expected path=value, such as train.batch=8'],
  ['unknown section', ['trian.batch=8'], 'override "trian.batch=8": trian: unknown section. Did you mean `train`?'],
  [
    'unknown option',
    ['train.bacth=8'],
    'override "train.bacth=8": train.bacth: unknown option of train. Did you mean `batch`?',
  ],
  [
    'wrong value',
    ['train.batch=many'],
    'override "train.batch=many": train.batch: expected a whole number, received "many"',
  ],
  [
    'value that is not YAML',
    ['losses=[cross-entropy'],
    'override "losses=[cross-entropy": the value is not valid YAML: Flow sequence must end with a ]',
  ],
  [
    'entry that the list has not',
    ['losses.2.weight=1'],
    'override "losses.2.weight=1": the list has 2 entries, counted from 0; there is no 2',
  ],
  [
    'option of a list by name',
    ['losses.knowledge.weight=1'],
    'override "losses.knowledge.weight=1": the list has 2 entries, counted from 0; there is no knowledge',
  ],
  [
    'option that the chosen part has not',
    ['prompt.use=coop', 'prompt.depth=3'],
    'override "prompt.depth=3": prompt.depth: unknown option of coop. There are: contextLength, classSpecific, namePosition.',
  ],
  [
    'an option beneath a number',
    ['seed.value=1'],
    'override "seed.value=1": seed: expected a whole number, received a mapping',
  ],
  [
    'two wrong ones',
    ['seed=x', 'train.epochs=0'],
    '2 problems:\n  override "train.epochs=0": train.epochs: expected a number of at least 1, received 0\n  override "seed=x": seed: expected a whole number, received "x"',
  ],
];

describe('a bad override', () => {
  it.each(badOverrides)('%s', (_title, overrides, message) => {
    const resolve = () => resolveConfiguration(parseConfiguration(file, 'config.yaml'), { registry, overrides });
    expect(messageOf(resolve)).toBe(message);
  });

  it('leaves the file itself valid', () => {
    expect(() => resolveConfiguration(parseConfiguration(file, 'config.yaml'), { registry })).not.toThrow();
  });
});
