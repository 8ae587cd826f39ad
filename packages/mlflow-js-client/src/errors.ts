/** Error codes that MLflow's server answers with, and those that stand for the status of an answer that has none. */
export const mlflowErrorCodes = [
  'ABORTED',
  'ALREADY_EXISTS',
  'BAD_REQUEST',
  'CANCELLED',
  'DATA_LOSS',
  'DEADLINE_EXCEEDED',
  'ENDPOINT_NOT_FOUND',
  'INTERNAL_ERROR',
  'INVALID_PARAMETER_VALUE',
  'INVALID_STATE',
  'IO_ERROR',
  'NOT_FOUND',
  'NOT_IMPLEMENTED',
  'PERMISSION_DENIED',
  'REQUEST_LIMIT_EXCEEDED',
  'REQUEST_TOO_LARGE',
  'RESOURCE_ALREADY_EXISTS',
  'RESOURCE_CONFLICT',
  'RESOURCE_DOES_NOT_EXIST',
  'RESOURCE_EXHAUSTED',
  'RESOURCE_LIMIT_EXCEEDED',
  'TEMPORARILY_UNAVAILABLE',
  'UNAUTHENTICATED',
  'UNKNOWN',
] as const;

/** Why the server refused; `UNKNOWN` stands for codes that this version does not know. */
export type MlflowErrorCode = (typeof mlflowErrorCodes)[number];

/** Everything that this client throws, wrong arguments of its own functions apart. */
export class MlflowError extends Error {
  /** The request, e.g. "POST /api/2.0/mlflow/runs/create". */
  readonly request: string;

  /**
   * @param details.request e.g. "POST /api/2.0/mlflow/runs/create"
   * @param details.cause the error that led to this one
   */
  constructor(message: string, details: { request: string; cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.request = details.request;
  }
}

/** The server could not be reached, or the connection broke before the whole answer was there. */
export class MlflowConnectionError extends MlflowError {
  /** True where the connection was never made, so that the server cannot have acted on the request. */
  readonly unsent: boolean;

  /**
   * @param details.request e.g. "POST /api/2.0/mlflow/runs/create"
   * @param details.cause the error that led to this one
   * @param details.unsent whether the connection was never made; by default false
   */
  constructor(message: string, details: { request: string; cause?: unknown; unsent?: boolean }) {
    super(message, details);
    this.unsent = details.unsent ?? false;
  }
}

/** Nothing was heard of the server for longer than the time limit. It may still have acted on the request. */
export class MlflowTimeoutError extends MlflowError {}

/** The server's certificate is not trusted. */
export class MlflowCertificateError extends MlflowError {}

/** What answered does not speak MLflow's protocol: another program, a login page, a proxy's own page. */
export class MlflowProtocolError extends MlflowError {}

/** The server refused the request. */
export class MlflowApiError extends MlflowError {
  /** What the server said, or what stands for the HTTP status of an answer that says none. */
  readonly code: MlflowErrorCode;
  /** HTTP status. */
  readonly status: number;
  /** Whether the answer is one of MLflow itself, rather than of a proxy or another program before it. */
  readonly fromMlflow: boolean;
  /** Seconds to wait, where the server said so. */
  readonly retryAfter?: number;

  /**
   * @param details.request e.g. "POST /api/2.0/mlflow/runs/create"
   * @param details.code why the server refused
   * @param details.status of HTTP
   * @param details.fromMlflow whether MLflow itself answered; by default false
   * @param details.retryAfter seconds to wait, where the server said so
   */
  constructor(
    message: string,
    details: { request: string; code: MlflowErrorCode; status: number; fromMlflow?: boolean; retryAfter?: number },
  ) {
    super(message, details);
    this.code = details.code;
    this.status = details.status;
    this.fromMlflow = details.fromMlflow ?? false;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
  }
}

/**
 * Whether an error is the server's refusal with one of these codes.
 *
 * @example
 * try { await client.experiments.create('flowers'); }
 * catch (error) { if (!hasCode(error, 'RESOURCE_ALREADY_EXISTS')) throw error; }
 */
export function hasCode(error: unknown, ...codes: readonly MlflowErrorCode[]): error is MlflowApiError {
  return error instanceof MlflowApiError && codes.includes(error.code);
}
