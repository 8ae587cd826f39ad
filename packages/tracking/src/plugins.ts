import { ConfigError, definePlugin, type Plugin, type TrackerContext } from '@promptweave/core';
import type { MlflowClient } from '@promptweave/mlflow-js-client';
import { z } from 'zod';
import { connect } from './connect.js';
import { MlflowTracker } from './mlflow-tracker.js';

/** `tracker: mlflow`. */
export const mlflow = definePlugin({
  kind: 'tracker',
  name: 'mlflow',
  description:
    'Runs on an MLflow server, besides their folders; what the server misses is delivered later. Credentials are those of ' +
    "MLflow's own clients: MLFLOW_TRACKING_USERNAME and _PASSWORD, or MLFLOW_TRACKING_TOKEN.",
  options: z.strictObject({
    uri: z
      .url({ protocol: /^https?$/ })
      .refine((uri) => !/^https?:\/\/[^/]*@/.test(uri), {
        error:
          'has a user name in it, which would be recorded with the configuration; set MLFLOW_TRACKING_USERNAME instead',
      })
      .optional()
      .describe('Address of the tracking server. Default: MLFLOW_TRACKING_URI.'),
    experiment: z
      .string()
      .min(1)
      .optional()
      .describe('Experiment of the runs. Default: MLFLOW_EXPERIMENT_NAME, or the name of the configuration file.'),
  }),
  create: (context, { uri, experiment = process.env.MLFLOW_EXPERIMENT_NAME || undefined }) =>
    new MlflowTracker({ ...context, client: clientFor(context, uri), experiment }),
});

/**
 * A cell of a sweep may run on a machine that knows no server. It is recorded in its folder all the same: who began the sweep knows one.
 * @throws ConfigError for any other run
 */
function clientFor({ sweepFolder }: TrackerContext, uri?: string): MlflowClient | undefined {
  try {
    return connect(uri, 'tracker.uri');
  } catch (error) {
    if (sweepFolder === undefined || !(error instanceof ConfigError)) throw error;
    return undefined;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [mlflow];
