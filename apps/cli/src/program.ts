import { Command, CommanderError } from 'commander';
import { register as backbones } from './commands/backbones.js';
import { register as bench } from './commands/bench.js';
import { register as datasets } from './commands/datasets.js';
import { register as cost } from './commands/cost.js';
import { register as doctor } from './commands/doctor.js';
import { register as evaluate } from './commands/evaluate.js';
import { register as extend } from './commands/extend.js';
import { register as exportRun } from './commands/export.js';
import { register as importPrompts } from './commands/import.js';
import { register as init } from './commands/init.js';
import { register as plugins } from './commands/plugins.js';
import { register as predict } from './commands/predict.js';
import { register as publish } from './commands/publish.js';
import { register as registerPrompts } from './commands/register.js';
import { register as report } from './commands/report.js';
import { register as runtime } from './commands/runtime.js';
import { register as schema } from './commands/schema.js';
import { register as serve } from './commands/serve.js';
import { register as sweep } from './commands/sweep.js';
import { register as track } from './commands/track.js';
import { register as train } from './commands/train.js';
import { register as verify } from './commands/verify.js';
import { reportError } from './terminal/report-error.js';
import { version } from './version.js';

/** Exit code of a command line that cannot be understood; the same as of a wrong configuration. */
const USAGE = 2;

/** All commands. What they compute with is imported when one of them runs, so that help is instant. */
export function createProgram(): Command {
  const program = new Command('promptweave')
    .description('Prompt learning for CLIP-like models: train, compare and use learned prompts.')
    .version(version)
    .showHelpAfterError('(promptweave COMMAND --help tells more)')
    .showSuggestionAfterError()
    .enablePositionalOptions() // options after a command's name are that command's
    .exitOverride()
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave train photos.yaml\n  $ promptweave predict holiday.jpg --run runs/photos\n' +
        '\nExit codes: 0 done, 1 not passed, 2 configuration, 3 checkpoint, 4 data set, 5 backend, 6 training, 7 tracking, 70 bug, 130 stopped.',
    );
  for (const register of [
    init,
    train,
    evaluate,
    predict,
    extend,
    serve,
    exportRun,
    sweep,
    report,
    track,
    registerPrompts,
    publish,
    bench,
    cost,
    datasets,
    backbones,
    importPrompts,
    schema,
    plugins,
    verify,
    doctor,
    runtime,
  ])
    register(program);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

/**
 * Runs one command line.
 * @param words everything after `promptweave`
 * @returns the exit code
 */
export async function run(words: readonly string[]): Promise<number> {
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await createProgram().parseAsync(words, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    return await reportError(error, words.includes('--json'));
  } finally {
    process.exitCode = before;
  }
}
