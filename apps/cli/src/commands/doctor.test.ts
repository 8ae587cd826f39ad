import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { register } from './doctor.js';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'promptweave-doctor-')));
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

async function doctor(...words: string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  const program = new Command('promptweave');
  register(program);
  await program.parseAsync(['doctor', '--backend', 'cpu', ...words], { from: 'user' });
  return printed.join('\n');
}

async function install(name: string, manifest: object): Promise<string> {
  const place = join(folder, 'node_modules', name);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...manifest }));
  return place;
}

it('tells a second copy that an installed plugin would use, and nothing where there is none', async () => {
  const plugin = await install('hum', { main: 'hum.js', peerDependencies: { '@promptweave/core': '1' } });
  await writeFile(join(plugin, 'hum.js'), "import { z } from 'zod'; throw new Error('it is run');");
  expect(await doctor()).not.toContain('Two copies');
  expect(JSON.parse(await doctor('--json'))).toMatchObject({ copies: [], backend: { name: 'cpu' } });
  const zod = await install('hum/node_modules/zod', { name: 'zod', version: '3.25.0' });
  expect(dirname(dirname(zod))).toBe(plugin);
  const what = `There are two copies of zod: 3.25.0 in ${zod}, which the plugin module hum uses, and `;
  expect(await doctor()).toContain(`\n\nTwo copies:\n- ${what}`);
  const { copies } = JSON.parse(await doctor('--json')) as { copies: { what: string; remedy: string }[] };
  expect(copies).toHaveLength(1);
  expect(copies[0]!.what).toContain(what);
  expect(copies[0]!.remedy).toContain('Make zod a peer dependency of hum');
});
