import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BackendError } from '@promptweave/core';

const execute = promisify(execFile);

/** A task that waits or runs. */
export interface SlurmTask {
  /** Name of its array. */
  readonly name: string;
  readonly index: number;
  readonly running: boolean;
}

/** Slurm's own commands. */
export const slurm = {
  /** The tasks of this user's arrays whose names begin so. */
  async tasks(prefix: string): Promise<SlurmTask[]> {
    const words = ['--noheader', '--array', '--me', '--format=%K|%T|%j'];
    const text = await command('squeue', words);
    return text.split('\n').flatMap((line) => {
      const [index, state, ...name] = line.trim().split('|');
      const task = { name: name.join('|'), index: Number(index), running: state !== 'PENDING' };
      return task.name.startsWith(prefix) && Number.isInteger(task.index) ? [task] : [];
    });
  },

  /** @returns the id of the array's job */
  async submit(script: string): Promise<string> {
    return (await command('sbatch', ['--parsable', script])).trim();
  },
};

async function command(name: string, words: readonly string[]): Promise<string> {
  try {
    return (await execute(name, words, { maxBuffer: 64 * 2 ** 20 })).stdout;
  } catch (error) {
    const { code, stderr = '', message } = error as NodeJS.ErrnoException & { stderr?: string };
    const missing = code === 'ENOENT';
    throw new BackendError(
      missing ? `There is no ${name} on this machine.` : `${name} failed: ${stderr.trim() || message}`,
      {
        where: [name, ...words].join(' '),
        remedy: missing
          ? 'Start the sweep on a login node of the Slurm cluster, or take another --engine.'
          : 'See whether Slurm runs and takes these options; the same command goes on with the sweep.',
      },
    );
  }
}
