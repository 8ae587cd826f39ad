import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../program.js';

let folder: string;
let out: string[];
let told: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-cli-'));
  vi.stubEnv('PROMPTWEAVE_CACHE', join(folder, 'cache'));
  out = [];
  told = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void told.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A dry run on emoji with the embedded CLIP. */
function dry(protocol: string, ...words: string[]): Promise<number> {
  const given = ['--datasets', 'emoji-weather', '--checkpoint', 'icons', '--dry-run', '-o', join(folder, 'runs')];
  return run(['bench', protocol, ...given, ...words]);
}

describe('promptweave bench', () => {
  it('runs what trains nothing without naming methods', async () => {
    expect(await dry('zero-shot'), told.join('\n')).toBe(0);
    expect(out.join('\n')).toMatch(/ clip, [^]*\n1 cells, 1 of them to be run/);
  });

  it('takes the papers’ numbers of shots for few-shot', async () => {
    expect(await dry('few-shot', '--methods', 'clip'), told.join('\n')).toBe(0);
    expect(out.join('\n').match(/dataset\.shots=\d+/g)).toEqual(
      [1, 2, 4, 8, 16].map((count) => `dataset.shots=${count}`),
    );
  });

  it('writes nothing in a dry run', async () => {
    expect(await dry('zero-shot')).toBe(0);
    expect(existsSync(join(folder, 'runs'))).toBe(false);
    const finished = join(folder, 'bench.yaml');
    writeFileSync(finished, 'of a finished sweep');
    expect(await dry('zero-shot', '-o', folder)).toBe(0);
    expect(readFileSync(finished, 'utf8')).toBe('of a finished sweep');
  });

  it.each([
    ['backbone.checkpoint=elsewhere', '--checkpoint'],
    ['dataset.shots=4', '--shots'],
    ['dataset=emoji-plants', '--datasets'],
    ['dataset.classes=novel', 'promptweave sweep'],
    ['seed=2', '--seeds'],
    ['protocol.targets=[dtd]', '--targets'],
    ['protocol.split=val', 'promptweave sweep'],
    ['grid.train.epochs=[1,2]', 'promptweave sweep'],
    ['prompt.use=coop', '--methods'],
    ['labels=lamm', '--methods'],
  ])('refuses %s, and says what to use: %s', async (override, instead) => {
    expect(await dry('few-shot', '--methods', 'clip', override)).toBe(2);
    expect(told.join('\n')).toMatch(new RegExp(`^ConfigError: A benchmark says itself[^]*to do: .*${instead}`));
    told.length = 0;
    expect(await run(['bench', 'emoji', '--dry-run', '-o', join(folder, 'runs'), override])).toBe(2);
  });

  it('takes other overrides', async () => {
    const words = ['train.epochs=1', 'dataset.size=48', 'prompt.contextLength=2'];
    expect(await dry('few-shot', '--methods', 'coop', '--shots', '1', '--seeds', '1', ...words), told.join('\n')).toBe(
      0,
    );
  });
});

it('promptweave sweep measures no other machine than this one', async () => {
  const file = join(folder, 'costs.yaml');
  writeFileSync(file, 'dataset: emoji-weather\nprotocol: efficiency\ngrid: { seed: [1] }\n');
  const words = ['sweep', file, '--dry-run', '-o', join(folder, 'runs')];
  expect(await run([...words, '--engine', 'slurm'])).toBe(2);
  expect(told.join('\n')).toMatch(/^ConfigError: The protocol efficiency measures this machine[^]*--engine slurm/);
  expect(await run(words), told.join('\n')).toBe(0);
});
