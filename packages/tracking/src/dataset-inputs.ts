import {
  hasCode,
  MlflowApiError,
  type CallOptions,
  type DatasetInput,
  type MlflowClient,
} from '@promptweave/mlflow-js-client';
import type { EndEntry } from './journal-entry.js';
import { mlflowTitle } from './mlflow-names.js';

type RunDataset = NonNullable<EndEntry['datasets']>[number];

/** MLflow keeps 36 characters of a digest at most. */
const DIGEST = 32;

/**
 * Says on the server which images a run was computed from.
 * @returns whether the server knows such a thing: it does since MLflow 2.4
 */
export async function logDatasets(
  client: MlflowClient,
  runId: string,
  datasets: readonly RunDataset[],
  options: CallOptions,
): Promise<boolean> {
  try {
    await client.runs.logInputs(runId, datasets.map(inputOf), options);
    return true;
  } catch (error) {
    if (error instanceof MlflowApiError && error.status === 404 && !hasCode(error, 'RESOURCE_DOES_NOT_EXIST'))
      return false;
    throw error;
  }
}

/** A data set as MLflow describes it: with its place where it is read from files, and by what makes it where it is not. */
function inputOf({ name, digest, options }: RunDataset): DatasetInput {
  const place = [options['path'], options['root']].find((value) => typeof value === 'string');
  const made = { 'mlflow.source.name': `promptweave dataset ${name}`, 'mlflow.source.type': 'LOCAL' };
  return {
    ...{ name: mlflowTitle(name), digest: digest.slice(0, DIGEST), context: 'training' },
    sourceType: place === undefined ? 'code' : 'local',
    source: JSON.stringify(place === undefined ? { tags: made, options } : { uri: place, options }),
  };
}
