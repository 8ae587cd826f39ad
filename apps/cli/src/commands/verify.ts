import type { Command } from 'commander';
import type { RunVerdict } from '@promptweave/bench';
import { oneOf } from '../terminal/one-of.js';

interface VerifyFlags {
  readonly method?: string;
  readonly backend: 'auto' | 'tensorflow' | 'wasm' | 'cpu';
  readonly plain?: boolean;
  readonly precision: 'float32' | 'bfloat16';
  readonly plugin: string[];
  readonly json?: boolean;
}

/** `promptweave verify FOLDER`: repeats recorded runs of the authors' code and compares every number. */
export function register(program: Command): void {
  program
    .command('verify')
    .summary("compare with recorded runs of the authors' code")
    .description(
      "Repeats recorded runs of the authors' code (a set, or one run of it) and compares losses, logits, gradients and\n" +
        'trained values of every step. Exits with 1 when a number is further off than its tolerance.',
    )
    .argument('<folder>', 'a set of recorded runs, or one run of it')
    .option('--method <name>', 'only this run of the set')
    .option('--backend <name>', 'auto, tensorflow, wasm or cpu', 'auto')
    .option('--plain', 'compute the dense reference instead of the fast path')
    .option(
      '--precision <name>',
      'float32, or bfloat16 for products of frozen weights and of attention: with tolerances of its own',
      oneOf('float32', 'bfloat16'),
      'float32',
    )
    .option('--plugin <module...>', 'further modules with plugins', [])
    .option('--json', 'print every comparison as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave verify packages/bench/fixtures/given\n' +
        '  $ promptweave verify packages/bench/fixtures/given --method comma_paper_s2 --backend wasm --json',
    )
    .action(async (folder: string, flags: VerifyFlags) => {
      const { ConfigError } = await import('@promptweave/core');
      const { TOLERANCES, verify } = await import('@promptweave/bench');
      const { fixtureBackbone } = await import('@promptweave/backbone-clip');
      const { defaultPlugins, loadPlugins } = await import('@promptweave/core/experiment');
      const { selectBackend } = await import('@promptweave/runtime');
      const { precision } = flags;
      if (flags.plain && precision !== 'float32') {
        throw new ConfigError('The plain path is the reference and computes in float32.', {
          where: '--precision',
          remedy: 'Leave --plain or --precision out.',
        });
      }
      const { name, bfloat16 } = await selectBackend(flags.backend, { precision });
      const registry = await loadPlugins([...defaultPlugins, ...flags.plugin], process.cwd(), import.meta.url);
      const verdicts = await verify(folder, {
        method: flags.method,
        registry,
        precision,
        loadBackbone: (set, tokenizer) =>
          fixtureBackbone(set, tokenizer, { fast: !flags.plain, recompute: false, precision }),
        onVerdict: (verdict) => flags.json || console.log(describe(verdict)),
      });
      const failed = verdicts.filter(({ ok }) => !ok);
      if (flags.json)
        console.log(
          JSON.stringify({
            backend: name,
            path: flags.plain ? 'plain' : 'fast',
            precision,
            tolerances: TOLERANCES[precision],
            ok: failed.length === 0,
            runs: verdicts,
          }),
        );
      else
        console.log(
          `\n${verdicts.length - failed.length} of ${verdicts.length} runs agree (${name}, ${flags.plain ? 'plain' : 'fast'} path${bfloat16 ? `, bfloat16 by ${bfloat16}: losses and logits to ${TOLERANCES.bfloat16.absolute}, the rest to ${TOLERANCES.bfloat16.relative} of its norm` : ''}).`,
        );
      if (failed.length > 0) process.exitCode = 1;
    });
}

/** One line for a run that agrees, with its largest errors; the tensors that are off where it does not. */
function describe({ method, ok, tensors }: RunVerdict): string {
  const number = (value: number) => value.toExponential(1);
  const worst = (kind: 'absolute' | 'relative', of: 'maxAbsolute' | 'relative') => {
    const values = tensors.flatMap((tensor) => (tensor.tolerance.endsWith(kind) ? tensor[of] : []));
    return number(Math.max(0, ...values));
  };
  if (ok) {
    const errors = `losses and logits within ${worst('absolute', 'maxAbsolute')}, the rest within ${worst('relative', 'relative')} of its norm`;
    return `✓ ${method.padEnd(28)} ${tensors.length} tensors, ${errors}`;
  }
  const off = tensors.filter((tensor) => !tensor.ok);
  const lines = off.map(
    ({ name, maxAbsolute, relative, tolerance }) =>
      `    ${name}: absolute ${number(maxAbsolute)}, relative ${number(relative)} (allowed: ${tolerance})`,
  );
  return [`✗ ${method.padEnd(28)} ${off.length} of ${tensors.length} tensors are off`, ...lines].join('\n');
}
