import { expect, it } from 'vitest';
import { ConfigError } from '../errors.js';
import { parseOverride } from './overrides.js';
import { LIMITS, parsePlainYaml, parseYamlValue } from './plain-yaml.js';

const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...[...'bcdefghij'].map((name, i) => `${name}: &${name} [${`*${'abcdefghi'[i]},`.repeat(9)}]`),
];

it.each([
  ['aliases that stand for very many values', bomb.join('\n'), 'stands for', 6],
  ['an alias within itself', 'x: &a [*a]', 'stands within what it stands for', 1],
  ['an alias of nothing', 'x: *a', 'there is no anchor &a', 1],
  ['brackets nested deeply', `x: ${'['.repeat(100_000)}`, 'nested deeper', 1],
  [
    'mappings nested deeply',
    Array.from({ length: 80 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
    'nested deeper',
    52,
  ],
  ['lists on one line', `x:\n  ${'- '.repeat(5000)}`, 'nested deeper', 2],
  ['too long a text', `x: ${'y'.repeat(LIMITS.signs)}`, 'at most 1,048,576 are read', 1],
  ['binary data', 'x: !!binary aGk=', 'Unresolved tag', 1],
  ['a set', 'x: !!set {a, b}', 'Unresolved tag', 1],
  ['a date of YAML 1.1', '%YAML 1.1\n---\nx: !!timestamp 2001-01-01', 'Unresolved tag', 3],
  ['a name twice', 'x: 1\nx: 2', 'the key `x` is given twice', 2],
  ['a list as a name', '? [a]\n: 1', 'a name is expected', 1],
  ['the prototype as a name', '__proto__: 1', 'nothing can be called', 1],
  ['a second document', 'x: 1\n---\nx: 2', 'a second document starts here', 2],
])('refuses %s', (_, text, message, line) => {
  const [finding] = parsePlainYaml(text).findings!;
  expect(finding!.message).toContain(message);
  expect(text.slice(0, finding!.offset).split('\n')).toHaveLength(line);
  expect(() => parseYamlValue(text, '--only')).toThrow(ConfigError);
});

it('reads dates, byte order marks, merge keys and aliases as plain values', () => {
  const { value } = parsePlainYaml('\ufeffx: 2001-01-01\nbase: &b { a: 1 }\ny: *b\nz: { <<: 2 }\n');
  expect(value).toEqual({ x: '2001-01-01', base: { a: 1 }, y: { a: 1 }, z: { '<<': 2 } });
});

it.each([
  'train.epochs=*a',
  'x=&a [*a]',
  'x=!!binary aGk=',
  '__proto__.x=1',
  'train.__proto__=1',
  '=1',
  'a..b=1',
  `x=${'['.repeat(9999)}`,
])('refuses the override %s', (text) => {
  expect(() => parseOverride(text)).toThrow(ConfigError);
});
