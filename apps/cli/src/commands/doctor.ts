import type { Command } from 'commander';
import { oneOf } from '../terminal/one-of.js';

interface DoctorFlags {
  readonly backend: 'auto' | 'tensorflow' | 'wasm' | 'cpu';
  readonly json?: boolean;
}

/** `promptweave doctor`: what the machine can do, and what is missing. */
export function register(program: Command): void {
  program
    .command('doctor')
    .summary('say what this machine can do, and what is missing')
    .description(
      'Looks at Node, processor, memory, backend and caches, measures the backend, and names what would make it faster. Reports second copies of packages that plugins and promptweave must share, of the plugins that are installed here.',
    )
    .option('--backend <name>', 'auto, tensorflow, wasm or cpu', oneOf('auto', 'tensorflow', 'wasm', 'cpu'), 'auto')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  $ promptweave doctor\n  $ promptweave doctor --backend wasm --json')
    .action(async (flags: DoctorFlags) => {
      const { doctor, formatDoctor } = await import('@promptweave/runtime');
      const { findCopies } = await import('@promptweave/core/experiment');
      const report = await doctor(flags.backend);
      const copies = (await findCopies('.', import.meta.url)).map(({ message, remedy }) => ({ what: message, remedy }));
      if (flags.json) return console.log(JSON.stringify({ ...report, copies }));
      const lines = copies.flatMap(({ what, remedy }) => [`- ${what}`, `  ${remedy}`]);
      console.log([formatDoctor(report), ...(lines.length > 0 ? ['', 'Two copies:', ...lines] : [])].join('\n'));
    });
}
