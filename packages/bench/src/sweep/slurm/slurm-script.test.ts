import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { slurmScript } from './slurm-script.js';

const array = { name: 'sweep-1', tasks: 6, jobs: 2, cpus: 4, gpus: 1, memory: 3 * 2 ** 30, retries: 2 };

it('asks for an array with its resources', () => {
  const script = slurmScript({ ...array, folder: '/f', command: ['node'], options: ['--partition=gpu'] });
  expect(script.match(/^#SBATCH .*/gm)).toEqual(
    expect.arrayContaining([
      '#SBATCH --array=0-5%2',
      '#SBATCH --cpus-per-task=4',
      '#SBATCH --gres=gpu:1',
      '#SBATCH --mem=3072M',
      '#SBATCH --partition=gpu',
    ]),
  );
});

it('hides the GPUs of a node from a task that is given none', () => {
  const script = slurmScript({ ...array, gpus: 0, folder: '/f', command: ['node'], options: [] });
  expect(script).not.toContain('--gres');
  expect(script).toContain('\nexport CUDA_VISIBLE_DEVICES=\n');
  expect(slurmScript({ ...array, folder: '/f', command: ['node'], options: [] })).not.toContain('CUDA_VISIBLE_DEVICES');
});

it('gives each task its cell, whatever the folders are called', () => {
  const folder = mkdtempSync(join(tmpdir(), "it's a folder-"));
  try {
    writeFileSync(join(folder, 'cells.txt'), '/cells/a\n/cells/b c\n');
    writeFileSync(join(folder, 'array.sh'), slurmScript({ ...array, folder, command: ['echo'], options: [] }));
    const env = { ...process.env, SLURM_ARRAY_TASK_ID: '1' };
    const said = execFileSync('bash', [join(folder, 'array.sh')], { encoding: 'utf8', env });
    expect(said).toBe('sweep --cell /cells/b c --retries 2\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
