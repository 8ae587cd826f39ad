import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { plugins as clip } from '@promptweave/backbone-clip';
import { plugins as protocols } from '@promptweave/bench';
import { configurationJsonSchema, Registry } from '@promptweave/core/experiment';
import { plugins as datasets } from '@promptweave/datasets';
import { plugins as trackers } from '@promptweave/tracking';
import { describe, expect, it } from 'vitest';
import { isMap, isNode, parse, parseDocument } from 'yaml';
import { methodPlugins } from '../../packages/bench/src/method-plugins.test.support.js';
import { pages, piecesOf, root } from './pages.js';

const registry = new Registry(
  [...clip, ...datasets, ...protocols, ...trackers, ...methodPlugins].map((plugin) => ({
    plugin,
    module: plugin.name,
  })),
);
const schema = configurationJsonSchema(registry);

/** The validator that the core's own tests take. */
const { Ajv2020 } = createRequire(`${root}packages/core/package.json`)('ajv/dist/2020.js') as {
  Ajv2020: new (options: object) => { compile(schema: object): ((value: unknown) => boolean) & { errors?: unknown } };
};
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false }).compile(schema);

/** Other YAML is shown, too: what workflows and presets hold. A configuration with plugins of somebody's own has parts that are unknown here. */
const isConfiguration = (value: object): boolean =>
  !('plugins' in value) && Object.keys(value).every((key) => key in schema.properties!);

const files = readdirSync(`${root}examples`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => [`examples/${name}`, readFileSync(`${root}examples/${name}`, 'utf8')] as const);
const blocks = pages.flatMap(({ path, text }) =>
  piecesOf(text).flatMap((piece) =>
    piece.type === 'code' && ['yaml', 'yml'].includes(piece.lang as string)
      ? [[path, piece.text as string] as const]
      : [],
  ),
);
const shown = blocks.filter(([, text]) => oneByOne(text).every(isConfiguration));

/** The configurations of a block: several where it shows several ways of one section, which then has its key several times. */
function oneByOne(text: string): object[] {
  const { contents } = parseDocument(text, { uniqueKeys: false });
  const all: Record<string, unknown>[] = [{}];
  if (!isMap(contents)) return all;
  for (const { key, value } of contents.items) {
    const name = String(key);
    if (name in all.at(-1)!) all.push({});
    all.at(-1)![name] = isNode(value) ? (value.toJSON() as unknown) : value;
  }
  return all;
}

describe('the JSON Schema of configurations accepts', () => {
  it.each(files)('%s', (_path, text) => {
    accepts(parse(text));
    expect(accepts.errors).toBeNull();
  });

  it.each(shown)('what %s shows:\n%s', (_path, text) => {
    for (const configuration of oneByOne(text)) {
      accepts(configuration);
      expect(accepts.errors).toBeNull();
    }
  });
});

it('most blocks of YAML are configurations', () => {
  expect(files.length).toBeGreaterThan(10);
  expect(shown.length).toBeGreaterThan(100);
});
