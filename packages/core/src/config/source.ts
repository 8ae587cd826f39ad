import { readFile } from 'node:fs/promises';
import { isMap, isPair, LineCounter, parseDocument, visit, type Document, type YAMLError } from 'yaml';
import { ConfigError } from '../errors.js';
import { InvalidConfigurationError, type Place, type Problem } from './problems.js';
import { rawTextOf, type RawText } from './raw-text.js';
import { describeValue } from './describe-issue.js';

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
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'There is no such file' : String(cause);
    throw new ConfigError(`Cannot read the configuration ${file}: ${reason}.`, { where: file, cause });
  }
  return parseConfiguration(text, file);
}

/** Reads YAML text; `file` is what messages call it. */
export function parseConfiguration(text: string, file: string): ConfigurationSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { source: file, line, column: col };
  };
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    path: '',
    message: describeYamlError(error, text),
    place: at(error.pos[0]),
  }));
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document)) return;
      problems.push({ path: '', message: `there is no anchor &${alias.source}`, place: at(alias.range?.[0] ?? 0) });
    },
  });
  if (problems.length > 0) throw new InvalidConfigurationError(withoutRepeats(problems));
  const offsetOf = (path: readonly PropertyKey[]) => offset(document, path);
  return { value: mapping(document.toJS(), at(0)), place: (path) => at(offsetOf(path)), raw: rawTextOf(document) };
}

function mapping(value: unknown, place: Place): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
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

function describeYamlError(error: YAMLError, text: string): string {
  switch (error.code) {
    case 'DUPLICATE_KEY': {
      const key = /^[\w.-]+/.exec(text.slice(error.pos[0]))?.[0];
      return key ? `the key \`${key}\` is given twice` : 'a key is given twice';
    }
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent YAML; use spaces';
    case 'MULTIPLE_DOCS':
      return 'a second document starts here (---); a configuration is one document';
    default:
      return `not valid YAML: ${error.message}`;
  }
}

/** A single slip often makes the parser complain again on the same line. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const lines = new Set<number | undefined>();
  return problems.filter(({ place }) => !lines.has(place.line) && lines.add(place.line));
}
