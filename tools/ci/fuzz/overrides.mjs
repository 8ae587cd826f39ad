// Overrides of the command line, of single experiments and of sweeps: each is taken or refused with a helpful error.
// Needs a build. Usage: node tools/ci/fuzz/overrides.mjs [SEED] [COUNT]
import { plan } from './plan.mjs';
import { runFuzz } from './run-fuzz.mjs';
import { odd, paths, right, rightGrid, values } from './words.mjs';

const BASES = [
  'dataset: { use: emoji-animals, shots: 2 }\n',
  'dataset: { use: emoji-animals, shots: 2 }\nprompt: comma\nlabels: lamm\nlosses: [cross-entropy, lamm/hierarchical]\n',
  'dataset: { use: emoji-animals, shots: 2 }\ngrid: { seed: [1, 2], prompt.use: [none, coop] }\n',
  'dataset: { use: emoji-animals, shots: 2 }\ngrid: { list: [{ name: a, prompt: coop }, { name: b, prompt: { use: maple, depth: 2 } }] }\n',
];

await runFuzz('overrides', make, (input) => {
  const { base, overrides } = JSON.parse(input);
  return plan(base, overrides);
});

function make(random) {
  const path = () => {
    const usual = random.of(paths);
    const kind = random.below(10);
    if (kind === 0) return random.of(odd);
    if (kind === 1) return `${usual}.${random.of(odd)}`;
    if (kind === 2) return `${random.of(odd)}.${usual}`;
    if (kind === 3) return usual.replace('.', random.of(['..', '[0].', ' ', '. ', '/']));
    if (kind === 4) return `${usual}${random.of(['[0]', '.', '.0', '.length', '.1e3', '.0x0', ' '])}`;
    if (kind === 5) return `grid.${usual}`;
    return usual;
  };
  const value = () => {
    const kind = random.below(8);
    if (kind === 0) return `${'['.repeat(3000)}`;
    if (kind === 1) return `[${random.of(odd)}, ${random.of(values)}]`;
    if (kind === 2) return `{ ${random.of(odd)}: ${random.of(values)}, use: ${random.of(values)} }`;
    return random.next() < 0.5 ? random.of(odd) : random.of(values);
  };
  const override = () => {
    if (random.next() < 0.5) {
      const [name, of] = random.of(random.next() < 0.5 ? right : rightGrid.map(([axis, all]) => [`grid.${axis}`, all]));
      return `${name}=${random.of(of)}`;
    }
    const kind = random.below(14);
    if (kind === 0) return path();
    if (kind === 1) return `=${value()}`;
    if (kind === 2) return `${path()}==${value()}`;
    if (kind === 3) return `${'a.'.repeat(2000)}b=1`;
    return `${path()}=${value()}`;
  };
  return JSON.stringify({ base: random.of(BASES), overrides: random.times(1 + random.below(3), override) });
}
