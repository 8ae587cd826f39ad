import { join, posix } from 'node:path';
import {
  describeLearned,
  runFiles,
  trainingFolders,
  type LearnedDescription,
  type RunResult,
} from '@promptweave/core/experiment';
import { hasCode, type MlflowClient, type ModelVersion } from '@promptweave/mlflow-js-client';
import { recordFinishedRun, resultOf } from './finished-run.js';
import { mlModel, MODEL_FOLDER } from './ml-model.js';
import { mlflowKey, mlflowTag } from './mlflow-names.js';
import { FILES_TAG, filesTag, LEARNED_TAG, ONNX_TAG, readModelFiles, sha256 } from './model-files.js';
import { checkModelName } from './model-uri.js';
import { onnxFiles, type OnnxModel } from './onnx-flavour.js';
import { syncJournal } from './sync-journal.js';
import { orTrackingError } from './tracking-error.js';

/** What to register prompts as. */
export interface Registration {
  readonly name: string;
  /** Points to this version from now on. */
  readonly alias?: string;
  readonly description?: string;
  /** Experiment for a run that was not recorded while it went on. Default: the name. */
  readonly experiment?: string;
  /** The run as an ONNX file, by which MLflow itself predicts. Default: none. */
  readonly onnx?: RegisteredOnnx;
}

/** How a run becomes an ONNX file; made where the version is new. */
export interface RegisteredOnnx {
  readonly precision: OnnxModel['precision'];
  /** @returns undefined where the run cannot be one */
  readonly make: () => Promise<OnnxModel | undefined>;
}

/** A registered version. */
export interface RegisteredPrompts {
  readonly name: string;
  readonly version: string;
  /** `models:/name@alias`, or `models:/name/version` without an alias. */
  readonly uri: string;
  readonly runId: string;
  /** These very files were registered before; there is no new version. */
  readonly existed: boolean;
  /** How the ONNX file that MLflow predicts with is stored, or that there is none. */
  readonly onnx: OnnxModel['precision'] | 'none';
  /** What the server does not have of the run. */
  readonly missing: readonly string[];
}

/**
 * Registers the learned prompts of a run's folder as a version of a model, with signature, figures and configuration; those of all its
 * trainings where it has several. First delivers what the server does not have of the run.
 *
 * @throws CheckpointError where the folder holds no learned prompts, TrackingError where they cannot be delivered
 */
export async function registerPrompts(
  folder: string,
  client: MlflowClient,
  registration: Registration,
): Promise<RegisteredPrompts> {
  return await orTrackingError(registerFolder(folder, client, registration));
}

async function registerFolder(
  folder: string,
  client: MlflowClient,
  { name, alias, description, experiment = name, onnx: wanted }: Registration,
): Promise<RegisteredPrompts> {
  checkModelName(name, alias);
  const trainings = trainingFolders(folder);
  const learned = await Promise.all(
    trainings.map((training) => describeLearned(join(folder, training, runFiles.learned))),
  );
  const files = await readModelFiles(folder, trainings);
  const digest = sha256(files.get(posix.join(trainings.at(-1)!, runFiles.learned))!);
  const tag = filesTag(files);
  await recordFinishedRun(folder, experiment);
  const { runId, artifactUri, waiting, refused } = await syncJournal(folder, client);
  const form = wanted?.precision ?? 'none';
  let registered = await versionWith(client, name, tag, form);
  const onnx = registered ? undefined : await wanted?.make();
  if (form !== 'none' && !onnx) registered ??= await versionWith(client, name, tag, 'none');
  const version =
    registered ??
    (await createVersion(client, {
      name,
      runId,
      source: await uploadModel(client, artifactUri, files, onnx, (path) =>
        mlModel(joined(learned), { artifactPath: path, digest, runId, folder: trainings.at(-1)!, onnx }),
      ),
      description,
      tags: {
        ...{ [LEARNED_TAG]: digest, [FILES_TAG]: tag },
        ...(onnx && { [ONNX_TAG]: onnx.precision }),
        ...figuresOf(await resultOf(folder)),
      },
    }));
  if (alias) await client.models.setAlias(name, alias, version.version);
  const uri = alias ? `models:/${name}@${alias}` : `models:/${name}/${version.version}`;
  const existed = registered !== undefined;
  return {
    name,
    version: version.version,
    uri,
    runId: version.runId ?? runId,
    existed,
    onnx: formOf(version),
    missing: [...refused, ...waiting],
  };
}

async function versionWith(
  client: MlflowClient,
  name: string,
  files: string,
  onnx: RegisteredPrompts['onnx'],
): Promise<ModelVersion | undefined> {
  const filter = `name = '${name.replaceAll("'", "''")}'`;
  for await (const version of client.models.searchVersions({ filter })) {
    if (version.tags[FILES_TAG] === files && formOf(version) === onnx) return version;
  }
  return undefined;
}

function formOf({ tags }: ModelVersion): RegisteredPrompts['onnx'] {
  const form = tags[ONNX_TAG];
  return form === 'float32' || form === 'float16' ? form : 'none';
}

/** What the last training says, with the classes of all. */
function joined(trainings: readonly LearnedDescription[]): LearnedDescription {
  return { ...trainings.at(-1)!, classNames: trainings.flatMap(({ classNames }) => classNames) };
}

async function uploadModel(
  client: MlflowClient,
  place: string,
  files: ReadonlyMap<string, Buffer>,
  onnx: OnnxModel | undefined,
  describe: (artifactPath: string) => string,
): Promise<string> {
  // A run that went on is registered again: the files of its earlier version stay what they are.
  const whole = `${filesTag(files)}${onnx?.precision ?? ''}`;
  const folder = `${MODEL_FOLDER}-${sha256(Buffer.from(whole)).slice(0, 12)}`;
  for (const [path, content] of [...files, ...(onnx ? onnxFiles(onnx) : [])])
    await client.artifacts.upload(place, `${folder}/${path}`, content);
  await client.artifacts.upload(place, `${folder}/MLmodel`, describe(folder));
  return `${place}/${folder}`;
}

async function createVersion(
  client: MlflowClient,
  version: Parameters<MlflowClient['models']['createVersion']>[0],
): Promise<ModelVersion> {
  try {
    await client.models.create(version.name);
  } catch (error) {
    if (!hasCode(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
  }
  return await client.models.createVersion(version);
}

/** The figures as tags: a version shows no metrics of its own on every MLflow. */
function figuresOf(result: RunResult | undefined): Record<string, string> {
  const figures = Object.entries(result?.evaluations ?? {}).flatMap(([set, { accuracy, macroF1 }]) => [
    [mlflowKey(`${set}.accuracy`), mlflowTag(String(accuracy))],
    [mlflowKey(`${set}.macroF1`), mlflowTag(String(macroF1))],
  ]);
  return Object.fromEntries(figures) as Record<string, string>;
}
