import { ConfigError } from '@promptweave/core';
import { TrackingError } from './tracking-error.js';

/** A version of a registered model, by its alias or its number. */
export type ModelVersionName = { readonly name: string } & ({ readonly alias: string } | { readonly version: string });

/** Whether a text names a registered model, e.g. `models:/flowers@best` or `models:/flowers/3`. */
export function isModelUri(text: string): boolean {
  return text.startsWith('models:/');
}

/** @throws TrackingError where the text is neither `models:/name@alias` nor `models:/name/version` */
export function parseModelUri(uri: string): ModelVersionName {
  const [, name, alias, version] = /^models:\/([^/@]+)(?:@([^/@]+)|\/(\d+))$/.exec(uri) ?? [];
  if (name !== undefined && alias !== undefined) return { name, alias };
  if (name !== undefined && version !== undefined) return { name, version };
  throw new TrackingError('This names no version of a registered model.', {
    where: uri,
    remedy: 'Write models:/NAME@ALIAS or models:/NAME/VERSION.',
  });
}

/** @throws ConfigError where MLflow, or the address `models:/name@alias`, does not take the name or the alias */
export function checkModelName(name: string, alias?: string): void {
  if (!/^[^/:@\p{Cc}]{1,250}$/u.test(name) || /^\.{0,2}$|^\s|\s$/.test(name)) {
    const remedy = 'Choose one without / : and @, of 250 characters at most.';
    throw new ConfigError(`"${name}" cannot be the name of a registered model.`, { where: '--name', remedy });
  }
  if (alias !== undefined && (!/^[\p{L}\p{N}_-]{1,250}$/u.test(alias) || /^(v\d+|latest|\d+)$/i.test(alias))) {
    const remedy = 'Choose one of letters, digits, _ and -, such as champion; v1, 1 and latest mean something else.';
    throw new ConfigError(`"${alias}" cannot be an alias.`, { where: '--alias', remedy });
  }
}
