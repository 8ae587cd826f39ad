import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../testing/cli.test.support.js';
import { run } from '../program.js';

const cli = commandLine();

/** A dry run on emoji with the embedded CLIP. */
function dry(protocol: string, ...words: string[]): Promise<number> {
  const given = ['--datasets', 'emoji-weather', '--checkpoint', 'icons', '--dry-run', '-o', join(cli.folder, 'runs')];
  return run(['bench', protocol, ...given, ...words]);
}

describe('promptweave bench', () => {
  it('runs what trains nothing without naming methods', async () => {
    expect(await dry('zero-shot'), cli.told.join('\n')).toBe(0);
    expect(cli.out.join('\n')).toMatch(/ clip, [^]*\n1 cells, 1 of them to be run/);
  });

  it('takes the papers’ numbers of shots for few-shot', async () => {
    expect(await dry('few-shot', '--methods', 'clip'), cli.told.join('\n')).toBe(0);
    expect(cli.out.join('\n').match(/dataset\.shots=\d+/g)).toEqual(
      [1, 2, 4, 8, 16].map((count) => `dataset.shots=${count}`),
    );
  });

  it('writes nothing in a dry run', async () => {
    expect(await dry('zero-shot')).toBe(0);
    expect(existsSync(join(cli.folder, 'runs'))).toBe(false);
    const finished = join(cli.folder, 'bench.yaml');
    writeFileSync(finished, 'of a finished sweep');
    expect(await dry('zero-shot', '-o', cli.folder)).toBe(0);
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
    expect(cli.told.join('\n')).toMatch(new RegExp(`^ConfigError: A benchmark says itself[^]*to do: .*${instead}`));
    cli.told.length = 0;
    expect(await run(['bench', 'emoji', '--dry-run', '-o', join(cli.folder, 'runs'), override])).toBe(2);
  });

  it('takes other overrides', async () => {
    const words = ['train.epochs=1', 'dataset.size=48', 'prompt.contextLength=2'];
    expect(
      await dry('few-shot', '--methods', 'coop', '--shots', '1', '--seeds', '1', ...words),
      cli.told.join('\n'),
    ).toBe(0);
  });
});

it('promptweave sweep measures no other machine than this one', async () => {
  const file = join(cli.folder, 'costs.yaml');
  writeFileSync(file, 'dataset: emoji-weather\nprotocol: efficiency\ngrid: { seed: [1] }\n');
  const words = ['sweep', file, '--dry-run', '-o', join(cli.folder, 'runs')];
  expect(await run([...words, '--engine', 'slurm'])).toBe(2);
  expect(cli.told.join('\n')).toMatch(/^ConfigError: The protocol efficiency measures this machine[^]*--engine slurm/);
  expect(await run(words), cli.told.join('\n')).toBe(0);
});
