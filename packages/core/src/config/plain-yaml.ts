import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  parseDocument,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import { ConfigError } from '../errors.js';

/** Something wrong with a text, and where. */
interface Finding {
  readonly message: string;
  /** Signs before it. */
  readonly offset: number;
}

/** A text as plain data: numbers, strings, booleans, null, lists and mappings with names as keys. */
export type PlainYaml =
  | { readonly document: Document; readonly value: unknown; readonly findings?: undefined }
  | { readonly document?: undefined; readonly value?: undefined; readonly findings: readonly Finding[] };

/** Signs of a text, levels of nesting, and values that stand in it when its aliases are written out. */
export const LIMITS = { signs: 2 ** 20, depth: 50, values: 200_000 } as const;

/** Reads YAML, or JSON, that people write: no tags, no repeated names, nothing that grows beyond what a person means. */
export function parsePlainYaml(text: string): PlainYaml {
  if (text.length > LIMITS.signs) {
    const message = `the text has ${text.length.toLocaleString('en')} signs; at most ${LIMITS.signs.toLocaleString('en')} are read`;
    return { findings: [{ message, offset: 0 }] };
  }
  const deep = tooDeep(text);
  if (deep !== undefined) return { findings: [{ message: DEEP, offset: deep }] };
  const document = parseDocument(text, {
    ...{ prettyErrors: false, stringKeys: true, uniqueKeys: false, resolveKnownTags: false },
    schema: 'core',
  });
  const problems = [...document.errors, ...document.warnings];
  const findings = problems.map((error) => ({ message: describeYamlError(error), offset: error.pos[0] }));
  const { contents } = document;
  if (contents) new Walk(findings, document).visit(contents, 0);
  if (findings.length > 0) return { findings };
  return { document, value: document.toJS({ maxAliasCount: -1 }) as unknown };
}

/**
 * Reads the YAML of an option on the command line, or of a small file.
 * @param what names it in the error
 * @throws ConfigError where it is not YAML, or not plain
 */
export function parseYamlValue(text: string, what: string): unknown {
  const { value, findings } = parsePlainYaml(text);
  if (findings) throw new ConfigError(`${what}: the value is ${invalid(findings)}`, { where: what });
  return value;
}

/** The first finding about a value, as the end of a sentence. */
export function invalid([first]: readonly Finding[]): string {
  return `not valid YAML: ${first!.message.replace(/^not valid YAML: /, '')}`;
}

const DEEP = `nested deeper than ${LIMITS.depth} levels`;

/** Where brackets alone nest too deeply for the parser, which calls itself for each. */
function tooDeep(text: string): number | undefined {
  const limit = 20 * LIMITS.depth; // brackets within text count, too
  let open = 0;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]!;
    if (sign === '[' || sign === '{') open += 1;
    else if (sign === ']' || sign === '}') open = Math.max(0, open - 1);
    if (open > limit) return i;
  }
  // Indented lists in lists: "- - - - …", and "? ? ? …"
  const dashes = /(?:[-?:][ \t]+){200}/.exec(text);
  return dashes?.index;
}

/** Looks at every node, and counts the values that stand in each when its aliases are written out. */
class Walk {
  private readonly sizes = new Map<Node, number>();
  private readonly open = new Set<Node>();
  private told = false;

  constructor(
    private readonly findings: Finding[],
    private readonly document: Document,
  ) {}

  visit(node: unknown, depth: number): number {
    if (isAlias(node)) return this.alias(node.source, node.resolve(this.document), startOf(node));
    if (isScalar(node) || !isCollection(node)) return 1;
    if (depth > LIMITS.depth) return this.tell(DEEP, startOf(node));
    this.open.add(node);
    const names = new Set<string>();
    let size = 1;
    for (const item of node.items as unknown[]) {
      if (isPair(item)) {
        if (isMap(node)) this.name(item.key, names, startOf(node));
        size += this.visit(item.value, depth + 1);
      } else size += this.visit(item, depth + 1);
    }
    this.open.delete(node);
    this.sizes.set(node, size);
    if (size > LIMITS.values && !this.told) {
      this.told = true;
      this.tell(
        `stands for ${size.toLocaleString('en')} values; at most ${LIMITS.values.toLocaleString('en')} are read`,
        startOf(node),
      );
    }
    return size;
  }

  private alias(source: string, target: Node | undefined, offset: number): number {
    if (!target) return this.tell(`there is no anchor &${source}`, offset);
    if (this.open.has(target)) return this.tell(`the alias *${source} stands within what it stands for`, offset);
    return this.sizes.get(target) ?? 1;
  }

  private name(key: unknown, names: Set<string>, offset: number): void {
    if (isCollection(key) || isAlias(key)) {
      this.tell('a name is expected before the colon', startOf(key, offset));
      return;
    }
    const name = String(isScalar(key) ? key.value : key);
    const at = isScalar(key) ? startOf(key, offset) : offset;
    if (name === '__proto__') this.tell('nothing can be called `__proto__`', at);
    if (names.has(name)) this.tell(`the key \`${name.slice(0, 60)}\` is given twice`, at);
    names.add(name);
  }

  private tell(message: string, offset: number): number {
    this.findings.push({ message, offset });
    return 1;
  }
}

function startOf(node: unknown, otherwise = 0): number {
  return (node as { range?: readonly [number, number, number] | null }).range?.[0] ?? otherwise;
}

function describeYamlError(error: YAMLError): string {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent YAML; use spaces';
    case 'MULTIPLE_DOCS':
      return 'a second document starts here (---); a configuration is one document';
    case 'NON_STRING_KEY':
      return 'a name is expected before the colon, neither a list nor a mapping';
    default:
      return `not valid YAML: ${error.message}`;
  }
}
