import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contractsVersion } from '@promptweave/core';
import { coreVersion } from '@promptweave/core/experiment';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { register as registerPlugins } from './plugins.js';
import { register as registerSchema } from './schema.js';

let folder: string;
let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptweave-cli-'));
  config = join(folder, 'own.yaml');
  await writeFile(config, 'plugins: [./hum.mjs]\n');
  const options = '{ volume: z.number().min(0).default(3).describe("Loudness, dB.") }';
  const zod = import.meta.resolve('zod');
  await writeFile(
    join(folder, 'hum.mjs'),
    `import { z } from '${zod}';
     export const plugins = [{
       kind: 'loss', name: 'hum', description: 'A hum.', options: z.object(${options}), create: () => ({}),
       presets: { soft: {} },
     }];`,
  );
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

async function run(...words: string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const program = new Command('promptweave');
  registerPlugins(program);
  registerSchema(program);
  await program.parseAsync(words, { from: 'user' });
  return printed.join('\n');
}

describe('promptweave plugins', () => {
  it('lists what a configuration has, with modules, options and presets', async () => {
    expect(await run('plugins', 'hum', '--config', config)).toMatch(
      /^LOSS\n\n {2}hum {2}\(\.\/hum\.mjs, [0-9a-f]{12}\)\n {4}A hum\.\n {4}volume {2}number, at least 0; default 3\. Loudness, dB\.\n {4}presets: hum\/soft$/,
    );
  });

  it('prints the same as JSON', async () => {
    const all = JSON.parse(await run('plugins', '--json', '--config', config)) as { kind: string; name: string }[];
    expect(all.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'prompt none',
      'labels frozen',
      'head cosine',
      'tuning none',
      'loss cross-entropy',
      'loss sigmoid',
      'gradients sum',
      'protocol few-shot',
      'tracker local',
      'loss hum',
    ]);
    expect(all[0]).toMatchObject({ module: '@promptweave/core', version: coreVersion, contracts: contractsVersion });
    expect(all.at(-1)).not.toHaveProperty('contracts');
    expect(all.at(-1)).toMatchObject({
      module: './hum.mjs',
      version: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
      presets: ['hum/soft'],
      options: [{ name: 'volume', default: 3 }],
    });
  });

  it('knows the nearest name', async () => {
    await expect(run('plugins', 'humm', '--config', config)).rejects.toThrow(
      'There is no plugin called "humm". Did you mean `hum`?',
    );
  });
});

describe('promptweave schema', () => {
  it('prints a schema or writes it to a file', async () => {
    const out = join(folder, 'schema.json');
    const printed = await run('schema', '--config', config);
    expect(await run('schema', '--config', config, '--out', out)).toBe(`Wrote ${out}.`);
    expect(await readFile(out, 'utf8')).toBe(printed);
    const schema = JSON.parse(printed) as { properties: { losses: { items: { anyOf: { enum: string[] }[] } } } };
    expect(schema.properties.losses.items.anyOf[0]!.enum).toEqual(['cross-entropy', 'sigmoid', 'hum']);
  });
});
