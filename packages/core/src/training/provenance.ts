import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { configurationHash } from '../config/canonical.js';
import { hasAny, type Contents } from '../config/content-files.js';
import type { BackboneIdentity } from '../contracts/backbone.js';
import type { Environment } from '../contracts/environment.js';
import type { Preprocessing } from '../contracts/preprocessing.js';
import type { Experiment } from '../experiment/experiment.js';
import { backboneIdentity } from '../model/backbone-identity.js';
import { coreVersion } from './version.js';

/** What a result depends on, so that it can be had again. */
export interface Provenance extends Environment {
  /** SHA-256 of the resolved configuration, the identity of the experiment. */
  readonly configuration: string;
  /** SHA-256 of the backbone's weights. */
  readonly checkpoint: string;
  /** How images were brought to its vision tower. Absent in results of earlier versions. */
  readonly preprocessing?: Preprocessing;
  /** What else changes its numbers, where there is such a thing. */
  readonly settings?: BackboneIdentity['settings'];
  /** SHA-256 of the files that its parts read, by the options that name them; absent where there are none. */
  readonly contents?: Contents;
  /** Digest over ids and labels of the images that were used. */
  readonly dataset: string;
  /** SHA-256 of the file of learned parts. */
  readonly learned: string;
  /** End of the run, ISO 8601. */
  readonly date: string;
}

/** What the calling program knows about its surroundings. */
export interface Surroundings {
  /** The backend in words, e.g. `tensorflow 2.21.0`. */
  readonly backend?: string;
  /** See `describeComputation` of @promptweave/runtime. */
  readonly computation?: string;
  /** Versions of further packages. */
  readonly versions?: Readonly<Record<string, string>>;
}

/** @param learnedFile the file of learned parts that the run wrote */
export async function provenanceOf(
  {
    configuration,
    backbone,
    dataset,
    modules,
    contents,
  }: Pick<Experiment, 'configuration' | 'backbone' | 'dataset' | 'modules' | 'contents'>,
  learnedFile: string,
  surroundings?: Surroundings,
): Promise<Provenance> {
  const { digest, ...reading } = backboneIdentity(backbone);
  return {
    configuration: configurationHash(configuration),
    checkpoint: digest,
    ...reading,
    ...(hasAny(contents) && { contents }),
    dataset: dataset.digest,
    plugins: modules,
    learned: await fileDigest(learnedFile),
    ...(await environmentOf(surroundings)),
    date: new Date().toISOString(),
  };
}

/** The programs and the machine at hand. */
export async function environmentOf({
  backend = tf.getBackend(),
  computation,
  versions = {},
}: Surroundings = {}): Promise<Environment> {
  const git = await (commit ??= gitState());
  return {
    ...(git && { git }),
    versions: {
      node: process.versions.node,
      '@promptweave/core': coreVersion,
      '@tensorflow/tfjs-core': tf.version_core,
      ...versions,
    },
    backend,
    ...(computation !== undefined && { computation }),
    platform: `${process.platform}-${process.arch}`,
  };
}

/** Asked once a process: the programs at work are those of its beginning. */
let commit: Promise<Provenance['git']> | undefined;

async function gitState(): Promise<Provenance['git']> {
  const git = async (...words: string[]): Promise<string> => (await promisify(execFile)('git', words)).stdout.trim();
  try {
    const commit = await git('rev-parse', 'HEAD');
    return { commit, changed: (await git('status', '--porcelain', '--untracked-files=no')) !== '' };
  } catch {
    return undefined; // no git, no repository, or no commit yet
  }
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
