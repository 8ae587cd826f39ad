import { definePlugin, type Plugin } from '@promptweave/core';
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
  create: ({ folder, sweepFolder, onProblem }, { uri, experiment = process.env.MLFLOW_EXPERIMENT_NAME || undefined }) =>
    new MlflowTracker({ folder, sweepFolder, client: connect(uri, 'tracker.uri'), experiment, onProblem }),
});

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [mlflow];
