// Configurations as people and accidents write them, up to the plan of a sweep: each is taken or refused with a helpful error.
// Needs a build. Usage: node tools/ci/fuzz/configurations.mjs [SEED] [COUNT]
import { plan } from './plan.mjs';
import { runFuzz } from './run-fuzz.mjs';
import { odd, paths, right, rightGrid, sections, values } from './words.mjs';

const GRID = ['list', 'zip', 'sample', 'except', 'only', 'first', 'when', ...paths];
const BASE = 'dataset: { use: emoji-animals, shots: 2 }\n';

await runFuzz('configurations', make, plan);

function make(random) {
  const value = () => (random.next() < 0.4 ? random.of(odd) : random.of(values));
  const key = () => (random.next() < 0.15 ? random.of(odd) : random.of(sections));
  const option = () => random.of(['use', 'depth', 'batch', 'weight', 'shots', 'path', 'targets', ...odd]);
  const section = () => {
    const kind = random.below(5);
    if (kind === 0) return `${key()}: ${value()}\n`;
    if (kind === 1) return `${key()}: { ${option()}: ${value()}, ${option()}: ${value()} }\n`;
    if (kind === 2) return `${key()}:\n  ${option()}: ${value()}\n  ${option()}:\n    ${option()}: ${value()}\n`;
    if (kind === 3) return `${key()}:\n  - ${value()}\n  - { use: ${value()} }\n`;
    return grid(random, value);
  };
  const whole = () => {
    const chosen = (list) => list.filter(() => random.next() < 0.4).map(([name, of]) => `${name}: ${random.of(of)}\n`);
    const axes = random.next() < 0.6 ? chosen(rightGrid) : [];
    return [...chosen(right), ...(axes.length > 0 ? [`grid:\n${axes.map((axis) => `  ${axis}`).join('')}`] : [])];
  };
  const kind = random.below(4);
  const lines = [...(kind > 0 ? whole() : []), ...(kind === 1 ? [] : random.times(kind > 1 ? 1 : 3, section))];
  const text = random.next() < 0.85 ? BASE + lines.join('') : lines.join('');
  return random.next() < 0.35 ? damaged(text, random) : text;
}

function grid(random, value) {
  const condition = () => `{ ${random.of(GRID)}: ${value()} }`;
  const entry = () => {
    const key = random.next() < 0.2 ? random.of(odd) : random.of(GRID);
    const kind = random.below(6);
    if (kind === 0) return `  ${key}: [${value()}, ${value()}]\n`;
    if (kind === 1) return `  ${key}: { values: [${value()}], when: ${condition()} }\n`;
    if (kind === 2) return `  ${random.of(['list', 'except', 'first'])}: [${condition()}, ${condition()}]\n`;
    if (kind === 3)
      return `  zip: { ${random.of(GRID)}: [${value()}], ${random.of(GRID)}: [${value()}, ${value()}] }\n`;
    if (kind === 4) {
      const range = `{ from: ${random.of(odd)}, to: ${value()}, scale: ${random.of(['log', 'linear', ...odd])} }`;
      return `  sample: { count: ${random.of(['1', '5', '1e9', '9007199254740991', ...odd])}, ranges: { ${random.of(GRID)}: ${range} } }\n`;
    }
    return `  ${key}: ${value()}\n`;
  };
  return `grid:\n${random.times(1 + random.below(4), entry).join('')}`;
}

/** The text as accidents leave it, or an attacker makes it. */
function damaged(text, random) {
  const at = random.below(text.length + 1);
  const kinds = [
    () => text.slice(0, at),
    () => text.slice(0, at) + random.of(odd) + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1 + random.below(8)),
    () => `\ufeff${text}`,
    () => text.replaceAll('  ', '\t'),
    () => text.replaceAll('\n', '\r\n'),
    () => `${text}---\n${text}`,
    () => `%YAML 1.1\n---\n${text}`,
    () => `- ${text.replaceAll('\n', '\n  ')}`,
    () => `${text}${text}`,
    () => `x: &a { y: 1 }\n${text}train: *a\n`,
    () => `x: &a [*a]\n${text}`,
    () =>
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'abcdefghi'].map((name, i, all) => (i === 0 ? '' : `${name}: &${name} [${`*${all[i - 1]},`.repeat(9)}]\n`)).join('')}${text}`,
    () => `${text}deep: ${'['.repeat(5000)}\n`,
    () => `${text}deep: ${'{a: '.repeat(random.of([40, 60, 3000]))}1\n`,
    () =>
      `${text}deep:\n${Array.from({ length: random.of([40, 200]) }, (_, i) => `${' '.repeat(i + 1)}a:\n`).join('')}`,
    () => `${text}deep: ${'- '.repeat(4000)}\n`,
    () => text + 'k: v\n'.repeat(20_000),
    () => text + Array.from({ length: 50_000 }, (_, i) => `k${i}: v\n`).join(''),
    () => `${text}x: ${'y'.repeat(3_000_000)}\n`,
    () =>
      `${text}grid: { seed: [${Array.from({ length: 1000 }, (_, i) => i)}], train.batch: [${Array.from({ length: 1000 }, (_, i) => i + 1)}] }\n`,
    () => text.split('').reverse().join(''),
    () => '',
    () => '# nothing\n',
    () => JSON.stringify({ dataset: text }),
    () => text.replaceAll(/[a-z]/g, (sign) => (random.next() < 0.03 ? random.of([...'*&!%@`{[:?-#|>\u0000']) : sign)),
  ];
  return random.of(kinds)();
}
