import { ConfigError, errorMark } from '../errors.js';

/** A module that could not be used as plugins. */
export class PluginError extends ConfigError {
  static override readonly mark: symbol = errorMark('PluginError');
  constructor(
    readonly module: string,
    message: string,
    details: { remedy?: string; cause?: unknown } = {},
  ) {
    super(message, { where: 'plugins', ...details });
  }
}
