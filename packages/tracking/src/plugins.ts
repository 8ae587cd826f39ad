import { ConfigError, definePlugin, type Plugin, type TrackerContext } from '@promptweave/core';
import type { MlflowClient } from '@promptweave/mlflow-js-client';
import { z } from 'zod';
import { addressProblem, isSameAddress } from './address.js';
import { connect } from './connect.js';
import { isKnownServer, rememberServer } from './known-servers.js';
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
      .string()
      .superRefine((uri, context) => {
        const problem = addressProblem(uri);
        if (problem) context.addIssue({ code: 'custom', message: problem });
      })
      .optional()
      .describe('Address of the tracking server. Default: MLFLOW_TRACKING_URI.'),
    experiment: z
      .string()
      .min(1)
      .optional()
      .describe('Experiment of the runs. Default: MLFLOW_EXPERIMENT_NAME, or the name of the configuration file.'),
    systemMetrics: z
      .number()
      .min(0)
      .max(86_400)
      .default(10)
      .describe(
        'Seconds between two looks at the processors, the memory and the NVIDIA GPUs of the machine; 0 for none.',
      ),
  }),
  create: (context, { uri, experiment = process.env.MLFLOW_EXPERIMENT_NAME || undefined, systemMetrics }) => {
    const systemMetricsSeconds = systemMetrics === 0 ? undefined : systemMetrics;
    return new MlflowTracker({ ...context, client: clientFor(context, uri), experiment, systemMetricsSeconds });
  },
});

/**
 * The client of a run. A configuration that was typed names a server for now and later. That of a cell of a sweep may come from anywhere: its
 * server is asked only where it is known, and what a machine that knows none records in the cell's folder is delivered by who began the sweep.
 * @throws ConfigError for any other run without a server
 */
function clientFor({ sweepFolder }: TrackerContext, uri?: string): MlflowClient | undefined {
  const options = { where: 'tracker.uri', credentialsOfEnvironment: true };
  if (sweepFolder === undefined) {
    const client = connect(uri, options);
    if (uri !== undefined) rememberServer(uri);
    return client;
  }
  const isMine = uri === undefined || isSameAddress(uri, process.env['MLFLOW_TRACKING_URI']) || isKnownServer(uri);
  if (!isMine) return undefined;
  try {
    return connect(uri, options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return undefined;
  }
}

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [mlflow];
