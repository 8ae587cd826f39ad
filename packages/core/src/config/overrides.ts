import { ConfigError } from '../errors.js';
import { expandNames, isMapping, lay, partSections } from './layers.js';
import { invalid, parsePlainYaml } from './plain-yaml.js';
import { rawTextOf, type RawText } from './raw-text.js';

/** `path=value` of the command line. */
export interface Override {
  /** As it was written. */
  readonly text: string;
  readonly path: readonly string[];
  readonly value: unknown;
  /** What was written for the value, or a part of it, that is no text. */
  readonly raw: RawText;
}

/** Signs of an override that errors show. */
const SHOWN = 200;
/** Names in a path. */
const DEEPEST = 20;

/**
 * Reads `train.batch=8`, `losses=[cross-entropy, comma/knowledge]`, `losses.1.weight=0.5`; the value is YAML.
 * @throws ConfigError where there is no `=`, no path, or the value is not YAML.
 */
export function parseOverride(text: string): Override {
  const equals = text.indexOf('=');
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  const path = text.slice(0, equals).trim().split('.');
  if (equals < 0 || path.length > DEEPEST || path.some((key) => key === '')) {
    throw new ConfigError(`override "${shown}": expected path=value, such as train.batch=8`, { where: shown });
  }
  if (path.includes('__proto__')) {
    throw new ConfigError(`override "${shown}": nothing can be called \`__proto__\``, { where: shown });
  }
  const { document, value, findings } = parsePlainYaml(text.slice(equals + 1));
  if (findings) {
    const message = `override "${shown}": the value is ${invalid(findings)}`;
    throw new ConfigError(message, { where: shown, remedy: 'Quote text with signs of YAML in it: \'path="*a"\'.' });
  }
  return { text, path, value, raw: rawTextOf(document) };
}

/** Those that choose a part come first, so that the options beside them are the new part's in whatever order. */
export function inOrder(overrides: readonly Override[]): Override[] {
  const chooses = ({ path }: Override) =>
    (partSections as readonly string[]).includes(path[0]!) && (path.length === 1 || path[1] === 'use');
  return [...overrides.filter(chooses), ...overrides.filter((override) => !chooses(override))];
}

/**
 * The configuration with one override laid over it.
 * @throws ConfigError where a list has no such entry.
 */
export function applyOverride(
  value: Readonly<Record<string, unknown>>,
  override: Override,
): Readonly<Record<string, unknown>> {
  const [section, ...rest] = override.path;
  if (rest.length === 0) return lay(value, expandNames({ [section!]: override.value }));
  return put(value, override.path, override) as Readonly<Record<string, unknown>>;
}

function put(below: unknown, path: readonly string[], override: Override): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    return isMapping(below) && isMapping(override.value) ? lay(below, override.value) : override.value;
  }
  if (Array.isArray(below)) {
    const index = /^\d+$/.test(key) ? Number(key) : -1;
    if (!(index in below)) {
      const entries = below.length === 1 ? '1 entry' : `${below.length} entries`;
      throw new ConfigError(
        `override "${override.text}": the list has ${entries}, counted from 0; there is no ${key}`,
        {
          where: override.text,
        },
      );
    }
    return below.with(index, put(below[index], rest, override));
  }
  const mapping = isMapping(below) ? below : {};
  const entry = Object.hasOwn(mapping, key) ? mapping[key] : undefined;
  return lay(mapping, { [key]: put(entry, rest, override) });
}
