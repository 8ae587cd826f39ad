import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { finished, folder, promptweave, root, start, type Outcome, useShapes } from '../testing/shapes.test.support.js';

useShapes();

const PATIENT = { timeout: 240_000 };
const mark = join(folder, 'RAN');
const temporary = join(folder, 'tmp');
/** A plugin that leaves a file behind when it is loaded. */
const plugin = `import { writeFileSync } from 'node:fs';
import { z } from '${join(root, 'node_modules/zod/index.js')}';
writeFileSync(${JSON.stringify(mark)}, import.meta.url);
export const plugins = [{ kind: 'loss', name: 'hum', description: 'A hum.', options: z.object({}), create: () => ({}) }];`;
const sha = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const image = 'shapes/circle/0.png';

beforeAll(async () => {
  mkdirSync(temporary);
  writeFileSync(join(folder, 'hum.mjs'), plugin);
  const shapes = readFileSync(join(folder, 'shapes.yaml'), 'utf8');
  writeFileSync(join(folder, 'hum.yaml'), `${shapes}plugins: [default, ./hum.mjs]\n`);
  writeFileSync(join(folder, 'grid.yaml'), `${shapes}plugins: [default, ./hum.mjs]\ngrid: { seed: [1, 2] }\n`);
  const { code, out } = await promptweave('train', 'hum.yaml', '--output', 'hum');
  expect(out).toContain('npx promptweave predict IMAGE --run hum --plugin ./hum.mjs');
  expect(code).toBe(0);
}, 240_000);
beforeEach(() => rmSync(mark, { force: true }));

describe("a run's own folder with a plugin of the user", () => {
  it('is used with the words that the message says', PATIENT, async () => {
    const refused = await promptweave('predict', image, '--run', 'hum');
    expect(refused.err).toMatch(/hum\/config\.yaml:\d+:\d+: plugins\.\d+: .*not run[^]*--plugin \.\/hum\.mjs$/m);
    expect(refused.code).toBe(2);
    expect(existsSync(mark)).toBe(false);
    expect((await promptweave('predict', image, '--run', 'hum', '--plugin', './hum.mjs')).code).toBe(0);
    expect((await promptweave('evaluate', 'hum', '--plugin', 'hum.mjs')).code).toBe(0);
    expect((await promptweave('evaluate', 'hum', '--plugin', 'nowhere.mjs')).err).toMatch(
      /no plugin file nowhere\.mjs/,
    );
    expect((await promptweave('evaluate', 'hum', '--plugin', 'data:text/javascript,1')).code).toBe(2);
  });

  it('does not run a file beside it', PATIENT, async () => {
    cpSync(join(folder, 'hum'), join(folder, 'copy/hum'), { recursive: true });
    writeFileSync(join(folder, 'copy/hum.mjs'), plugin);
    for (const words of [
      ['predict', image, '--run', 'copy/hum'],
      ['evaluate', 'copy/hum'],
    ]) {
      expect((await promptweave(...words)).code).toBe(2);
    }
    expect(existsSync(mark)).toBe(false);
  });

  it('runs in the workers of a sweep, and in a cell alone where that is allowed', PATIENT, async () => {
    const { code, err } = await promptweave('sweep', 'grid.yaml', '--output', 'hums', '--jobs', '2');
    expect(err).toMatch(/predict .*--run hums\/cells\/\w+ --plugin \.\/hum\.mjs/);
    expect(code).toBe(0);
    const cell = join('hums/cells', readdirSync(join(folder, 'hums/cells'))[0]!);
    rmSync(join(folder, cell, 'result.json'));
    rmSync(mark, { force: true });
    expect((await promptweave('sweep', '--cell', cell)).code).toBe(2);
    expect(existsSync(mark)).toBe(false);
    expect((await promptweave('sweep', '--cell', cell, '--plugin', './hum.mjs')).code).toBe(0);
    rmSync(mark, { force: true });
    expect((await promptweave('report', 'hums')).code).toBe(0);
    expect(existsSync(mark)).toBe(false);
  });
});

describe('a registered model', () => {
  let server: Server | undefined;
  afterEach(() => {
    expect(readdirSync(temporary).filter((name) => name.startsWith('promptweave-'))).toEqual([]);
    server?.closeAllConnections();
    server?.close();
  });

  /** Predicts with a registry whose model has the run's prompts, and such a configuration beside them. */
  async function predict(configuration: string, tags: Record<string, string> = {}): Promise<Outcome> {
    const learned = readFileSync(join(folder, 'hum/prompts.safetensors'));
    const files: Record<string, Buffer> = { 'config.yaml': Buffer.from(configuration), 'prompts.safetensors': learned };
    const all = { 'promptweave.learned': sha(learned), ...tags };
    const version = { name: 'm', version: '1', tags: Object.entries(all).map(([key, value]) => ({ key, value })) };
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url!, 'http://x');
      if (/alias$/.test(pathname)) return void response.end(JSON.stringify({ model_version: version }));
      if (pathname.endsWith('get-download-uri')) return void response.end('{"artifact_uri":"mlflow-artifacts:/m"}');
      const file = files[pathname.split('/artifacts/m/')[1] ?? ''];
      const list = Object.keys(files).map((path) => ({ path, is_dir: false }));
      response.end(file ?? JSON.stringify({ files: list }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const environment = { MLFLOW_TRACKING_URI: uri, TMPDIR: temporary };
    return finished(start(['predict', image, '--run', 'models:/m@a'], environment));
  }
  const harmless = (): string => readFileSync(join(folder, 'hum/config.yaml'), 'utf8').replace(/^.*hum\.mjs\n/m, '');

  it.each([
    'data:text/javascript,import("node:fs").then((fs) => fs.writeFileSync("RAN", ""))',
    './hum.mjs',
    'hum.mjs',
    'http://127.0.0.1:9/x.mjs',
    'node:fs',
  ])('does not run %s beside its prompts', PATIENT, async (name) => {
    const { code, err } = await predict(harmless().replace(/^plugins:\n/m, `plugins:\n  - ${JSON.stringify(name)}\n`));
    expect(err).toMatch(/never loaded|not run/);
    expect(code).toBe(2);
    expect(existsSync(mark)).toBe(false);
  });

  it('predicts where nothing is wrong, and an older one says so', PATIENT, async () => {
    const { code, err, out } = await predict(harmless());
    expect(out).toMatch(/circle/);
    expect(err).toContain('registered by an older promptweave');
    expect(code).toBe(0);
  });

  it('whose configuration is not the registered one is refused', PATIENT, async () => {
    const digests = { 'config.yaml': '0'.repeat(64), 'prompts.safetensors': '0'.repeat(64) };
    const { code, err } = await predict(harmless(), { 'promptweave.files': JSON.stringify(digests) });
    expect(err).toMatch(/^TrackingError: config\.yaml has the SHA-256/m);
    expect(code).toBe(7);
  });
});
