import { readFileSync } from 'node:fs';

/** Where the tracking server is and how to speak to it. */
export interface MlflowSettings {
  /** Address of the tracking server, e.g. "https://mlflow.example.org" or "http://127.0.0.1:5000/prefix". */
  readonly trackingUri: string;
  /** Sent with `password` by basic authentication. */
  readonly username?: string;
  /** Beside `username`. Default: empty. */
  readonly password?: string;
  /** Sent as a bearer token, where there is no user name. */
  readonly token?: string;
  /** What to tell a person where the server lets nobody in. Default: which variables to set. */
  readonly loginAdvice?: string;
  /** Accept any certificate. */
  readonly insecureTls?: boolean;
  /** PEM text of the certificates to trust instead of the system's. */
  readonly serverCertificate?: string;
  /** Seconds without a sign of life after which a request fails. Default 120. */
  readonly timeoutSeconds?: number;
  /** How often a request is repeated after network errors, 429 and 5xx. Default 5. */
  readonly retries?: number;
  /** Seconds before the first repetition; every further one waits twice as long, with jitter. Default 0.5. */
  readonly retrySeconds?: number;
  /** Seconds that a repetition waits at most. Default 60. */
  readonly longestRetrySeconds?: number;
}

/**
 * Settings from the environment variables of MLflow's own clients: MLFLOW_TRACKING_URI, _USERNAME, _PASSWORD, _TOKEN,
 * _INSECURE_TLS, _SERVER_CERT_PATH, and MLFLOW_HTTP_REQUEST_TIMEOUT, _MAX_RETRIES.
 *
 * @throws Error where the address is missing, both TLS variables are set, or a value cannot be read
 */
export function settingsFromEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): MlflowSettings {
  const value = (name: string): string | undefined => env[name] || undefined;
  const trackingUri = value('MLFLOW_TRACKING_URI');
  if (!trackingUri) {
    throw new Error('MLFLOW_TRACKING_URI is not set. Set it to the address of the tracking server.');
  }
  const insecureTls = isTrue(value('MLFLOW_TRACKING_INSECURE_TLS'));
  const certificatePath = value('MLFLOW_TRACKING_SERVER_CERT_PATH');
  if (insecureTls && certificatePath) {
    throw new Error('MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH exclude each other. Unset one.');
  }
  return {
    trackingUri,
    username: value('MLFLOW_TRACKING_USERNAME'),
    password: value('MLFLOW_TRACKING_PASSWORD'),
    token: value('MLFLOW_TRACKING_TOKEN'),
    insecureTls,
    serverCertificate: certificatePath ? readCertificate(certificatePath) : undefined,
    timeoutSeconds: numberOf('MLFLOW_HTTP_REQUEST_TIMEOUT', value('MLFLOW_HTTP_REQUEST_TIMEOUT')),
    retries: numberOf('MLFLOW_HTTP_REQUEST_MAX_RETRIES', value('MLFLOW_HTTP_REQUEST_MAX_RETRIES')),
  };
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['true', '1'].includes(value.toLowerCase());
}

function numberOf(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isFinite(number) && number >= 0) return number;
  throw new Error(`${name} is "${value}". Set it to a number.`);
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`MLFLOW_TRACKING_SERVER_CERT_PATH is "${path}", which cannot be read.`, { cause });
  }
}
