import { ConfigError } from '../errors.js';

/** What something throws; undefined where it does not. */
export function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The message of the ConfigError that something throws; undefined where it does not. */
export function messageOf(act: () => unknown): string | undefined {
  const error = errorOf(act);
  if (error !== undefined && !(error instanceof ConfigError)) throw error;
  return error?.message;
}
