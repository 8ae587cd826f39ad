import { parseArgs } from 'node:util';

/** The flags of a fuzzer: `[--seed N] [--inputs N] [--only INDEX]`. */
const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    inputs: { type: 'string', default: '300' },
    only: { type: 'string' },
  },
});

export const seed = Number(flags.seed);
/** Whether a single input is tried again. */
export const isOne = flags.only !== undefined;
/** Numbers of the inputs that are tried. */
export const chosen = isOne ? [Number(flags.only)] : Array.from({ length: Number(flags.inputs) }, (_, i) => i);
/** The command that tries one input again. */
export const again = (name, index) => `node tools/ci/fuzz/${name}.mjs --seed ${seed} --only ${index}`;

/** Says how a fuzzer ended, and fails where there were faults. */
export function conclude(name, faults) {
  console.log(`fuzz ${name}: ${chosen.length} inputs, ${faults} faults`);
  if (faults > 0) process.exitCode = 1;
}
