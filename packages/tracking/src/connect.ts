import { ConfigError } from '@promptweave/core';
import { MlflowClient, settingsFromEnvironment } from '@promptweave/mlflow-js-client';

/**
 * A client of the tracking server that is named, or that MLflow's environment variables name.
 *
 * @param where what a person would change to name another server
 * @throws ConfigError where there is none, or a variable is wrong
 */
export function connect(uri?: string, where = '--uri'): MlflowClient {
  try {
    return new MlflowClient(settingsFromEnvironment({ ...process.env, ...(uri && { MLFLOW_TRACKING_URI: uri }) }));
  } catch (cause) {
    throw new ConfigError(cause instanceof Error ? cause.message : String(cause), {
      where: uri ? where : "MLflow's environment variables",
      remedy: `Set MLFLOW_TRACKING_URI, or give the address with ${where}.`,
      cause,
    });
  }
}
