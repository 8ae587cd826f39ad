import { createReadStream } from 'node:fs';
import { isMap, isPair, type Document } from 'yaml';
import { ConfigError } from '../errors.js';
import { InvalidConfigurationError, type Place, type Problem } from './problems.js';
import { LIMITS, parsePlainYaml } from './plain-yaml.js';
import { rawTextOf, type RawText } from './raw-text.js';
import { describeValue } from './describe-issue.js';
import { isMapping } from './layers.js';

/** More names at the top are no configuration. */
const SECTIONS = 200;

/** Problems of a text that are told; the others are often of the same cause. */
const TOLD = 20;

/** A configuration before it is resolved, and where each of its values was written. */
export interface ConfigurationSource {
  readonly value: Readonly<Record<string, unknown>>;
  /** Place of the value at a path, or of the last part of the path that is there. */
  place(path: readonly PropertyKey[]): Place;
  /** What was written for a value that is no text. */
  readonly raw?: RawText;
}

/** A configuration that was written in code. */
export function sourceFromValue(value: unknown): ConfigurationSource {
  return { value: mapping(value, {}), place: () => ({}) };
}

/**
 * Reads a YAML (or JSON) file.
 * @throws ConfigError where it cannot be read, InvalidConfigurationError with all places where it is not well-formed.
 */
export async function readConfiguration(file: string): Promise<ConfigurationSource> {
  return parseConfiguration(await readText(file), file);
}

/** Reads YAML text; `file` is what messages call it. */
export function parseConfiguration(text: string, file: string): ConfigurationSource {
  const at = (offset: number): Place => ({ source: file, ...placeIn(text, offset) });
  const { document, value, findings } = parsePlainYaml(text);
  if (findings) {
    const problems = findings
      .slice(0, TOLD)
      .map(({ message, offset: start }) => ({ path: '', message, place: at(start) }));
    throw new InvalidConfigurationError(withoutRepeats(problems));
  }
  const offsetOf = (path: readonly PropertyKey[]) => offset(document, path);
  return { value: mapping(value, at(0)), place: (path) => at(offsetOf(path)), raw: rawTextOf(document) };
}

/** Line and column of a sign, both from 1. */
function placeIn(text: string, start: number): Pick<Place, 'line' | 'column'> {
  const before = text.slice(0, start).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

/** @throws ConfigError where the file cannot be read, is no text, or is longer than any configuration */
async function readText(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    // One byte more than is read: no more is taken of a file that goes on for ever.
    for await (const chunk of createReadStream(file, { end: LIMITS.signs })) chunks.push(chunk as Buffer);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const known: Readonly<Record<string, string>> = {
      ENOENT: 'There is no such file',
      EISDIR: 'It is a folder',
      EACCES: 'It may not be read',
    };
    const reason = known[code ?? ''] ?? message;
    throw new ConfigError(`Cannot read the configuration ${file}: ${reason}.`, { where: file, cause });
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length > LIMITS.signs) {
    throw new ConfigError(`The configuration is longer than ${LIMITS.signs.toLocaleString('en')} bytes.`, {
      where: file,
      remedy: 'Name a configuration, not its data or weights.',
    });
  }
  try {
    return new TextDecoder(bytes[0] === 0xff || bytes[0] === 0xfe ? 'utf-16' : 'utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError('The configuration is no text in UTF-8.', {
      where: file,
      remedy: 'Save it as UTF-8, or name another file.',
      cause,
    });
  }
}

function mapping(value: unknown, place: Place): Readonly<Record<string, unknown>> {
  if (isMapping(value)) {
    const sections = Object.keys(value).length;
    if (sections <= SECTIONS) return value;
    const message = `there are ${sections.toLocaleString('en')} names at the top; a configuration has some sections only`;
    throw new InvalidConfigurationError([{ path: '', message, place }]);
  }
  const message = `expected a mapping such as "dataset: { use: … }", received ${describeValue(value)}`;
  throw new InvalidConfigurationError([{ path: '', message, place }]);
}

/** Offset of the key for an entry of a mapping, of the value for an entry of a list. */
function offset(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let found = 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === String(key));
      if (!pair) break;
      found = (pair.key as { range?: [number, number, number] }).range?.[0] ?? found;
      node = pair.value;
    } else {
      const entry: unknown = document.getIn(path.slice(0, path.indexOf(key) + 1), true);
      const start = (entry as { range?: [number, number, number] } | undefined)?.range?.[0];
      if (start === undefined) break;
      found = start;
      node = entry;
    }
  }
  return found;
}

/** A single slip often makes the parser complain again on the same line. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const lines = new Set<number | undefined>();
  return problems.filter(({ place }) => !lines.has(place.line) && lines.add(place.line));
}
