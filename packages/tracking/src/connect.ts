import { ConfigError } from '@promptweave/core';
import { MlflowClient, settingsFromEnvironment } from '@promptweave/mlflow-js-client';
import { addressProblem, isSameAddress } from './address.js';

/** What a person would change to name another server, and what a connection is for. */
export interface ConnectOptions {
  readonly where?: string;
  /**
   * Credentials of the environment belong to the server of MLFLOW_TRACKING_URI, where that is set: another address gets none.
   * Default: the person who named the address meant them for it.
   */
  readonly credentialsOfEnvironment?: boolean;
}

const secrets = ['MLFLOW_TRACKING_USERNAME', 'MLFLOW_TRACKING_PASSWORD', 'MLFLOW_TRACKING_TOKEN'] as const;

/**
 * A client of the tracking server that is named, or that MLflow's environment variables name.
 * @throws ConfigError where there is none, it has a password in it, or a variable is wrong
 */
export function connect(
  uri?: string,
  { where = '--uri', credentialsOfEnvironment = false }: ConnectOptions = {},
): MlflowClient {
  const own = process.env['MLFLOW_TRACKING_URI'];
  const address = uri ?? own;
  const problem = address && addressProblem(address);
  const place = uri === undefined ? 'MLFLOW_TRACKING_URI' : where;
  const remedy = `Set MLFLOW_TRACKING_URI, or give the address with ${where}: http(s)://HOST:PORT/PATH.`;
  if (problem) throw new ConfigError(`The address of the tracking server ${problem}.`, { where: place, remedy });
  const isOther = credentialsOfEnvironment && uri !== undefined && !!own && !isSameAddress(uri, own);
  const withheld = isOther ? secrets.filter((name) => process.env[name]) : [];
  const without = Object.fromEntries(withheld.map((name) => [name, undefined]));
  try {
    const settings = settingsFromEnvironment({ ...process.env, ...without, ...(uri && { MLFLOW_TRACKING_URI: uri }) });
    const loginAdvice = `${withheld.join(' and ')} went nowhere: they belong to the server of MLFLOW_TRACKING_URI, which is another one. Set MLFLOW_TRACKING_URI to this server.`;
    return new MlflowClient({ ...settings, ...(withheld.length > 0 && { loginAdvice }) });
  } catch (cause) {
    throw new ConfigError(cause instanceof Error ? cause.message : String(cause), {
      where: uri ? where : "MLflow's environment variables",
      remedy: `Set MLFLOW_TRACKING_URI, or give the address with ${where}.`,
      cause,
    });
  }
}
