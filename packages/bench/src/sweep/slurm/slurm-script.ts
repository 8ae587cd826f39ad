import { shellWord } from '../../shell-word.js';

/** One array of tasks, a cell each. */
export interface SlurmArray {
  /** Name of the jobs. */
  readonly name: string;
  /** Folder of the script, the list of cells and the tasks' output; absolute. */
  readonly folder: string;
  readonly tasks: number;
  /** Tasks at once. */
  readonly jobs: number;
  readonly cpus: number;
  readonly gpus: number;
  /** Bytes of a task. */
  readonly memory: number;
  /** The command of a task, before the cell's folder, and what comes after it. */
  readonly command: readonly string[];
  readonly retries: number;
  /** Further options of sbatch: partition, account, time. */
  readonly options: readonly string[];
}

/** Names of the files in an array's folder. */
export const arrayFiles = { script: 'array.sh', cells: 'cells.txt' } as const;

/** The batch script of an array: a task looks up its cell's folder in the list and runs it. */
export function slurmScript(array: SlurmArray): string {
  const { name, folder, tasks, jobs, cpus, gpus, memory, command, retries, options } = array;
  const directives = [
    `--job-name=${name}`,
    `--array=0-${tasks - 1}%${jobs}`,
    `--cpus-per-task=${cpus}`,
    ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
    `--mem=${Math.ceil(memory / 2 ** 20)}M`,
    `--output=${folder}/%a.log`,
    '--open-mode=append',
    '--requeue',
    '--signal=B:TERM@60', // before a time limit: the cell stops after its step and goes on later
    ...options,
  ];
  return [
    '#!/bin/bash',
    ...directives.map((directive) => `#SBATCH ${directive}`),
    // Not every cluster hides the GPUs of a node from a task that asked for none.
    ...(gpus > 0 ? [] : ['export CUDA_VISIBLE_DEVICES=']),
    `cell=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" ${shellWord(`${folder}/${arrayFiles.cells}`)})`,
    `exec ${command.map(shellWord).join(' ')} sweep --cell "$cell" --retries ${retries}`,
    '',
  ].join('\n');
}
