import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '@promptweave/core';
import type { CellFolder } from '../cell-folder.js';
import { sweepArchive } from './sweep-archive.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archive-'));
  for (const name of ['program', 'cell', 'configuration/data']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'program/package.json'), '{"name":"promptweave","version":"1.0.0","files":[]}');
  writeFileSync(join(folder, 'cell/cell.json'), '{}');
  writeFileSync(join(folder, 'cell/config.yaml'), 'seed: 1\n');
  writeFileSync(join(folder, 'configuration/data/a.png'), 'mine');
  writeFileSync(join(folder, 'secret'), 'my private key');
});
afterEach(() => rmSync(folder, { recursive: true }));

const archiveWith = (...include: string[]) => {
  const describe = () => ({ configurationFolder: join(folder, 'configuration') });
  const cell = { id: 'c', path: join(folder, 'cell'), describe } as unknown as CellFolder;
  return sweepArchive({ program: join(folder, 'program'), cells: [cell], include });
};

describe('a link', () => {
  it('within a folder is sent as what it means', async () => {
    symlinkSync('a.png', join(folder, 'configuration/data/b.png'));
    const content = await archiveWith('data').zip();
    expect(content.includes('configuration/data/b.png')).toBe(true);
  });

  it.each(['data/link', 'link', 'cell'])('that leads out is not sent: %s', (name) => {
    if (name === 'cell') {
      rmSync(join(folder, 'cell/config.yaml'));
      symlinkSync('../secret', join(folder, 'cell/config.yaml'));
    } else symlinkSync(join(folder, 'secret'), join(folder, 'configuration', name));
    const named = () => archiveWith('data', ...(name === 'link' ? ['link'] : []));
    expect(named).toThrow(ConfigError);
    expect(named).toThrow(/leads out of its folder/);
  });
});

describe('an archive', () => {
  it('has the name of its contents, and the same bytes for the same', async () => {
    const [first, second] = [archiveWith('data'), archiveWith('data')];
    expect(second.name).toBe(first.name);
    expect((await second.zip()).equals(await first.zip())).toBe(true);
    writeFileSync(join(folder, 'configuration/data/a.png'), 'else');
    expect(archiveWith('data').name).not.toBe(first.name);
  });

  it('of a file that is not there is an error which says where it was looked for', () => {
    expect(() => archiveWith('nothing')).toThrow(
      expect.objectContaining({
        where: join(folder, 'configuration'),
        message: '"nothing", which is to be sent along, is not there.',
        remedy: expect.stringContaining('begin in this folder') as string,
      }),
    );
  });

  it('above the limit of Ray is refused before it is sent, with the largest files', async () => {
    writeFileSync(join(folder, 'configuration/weights.bin'), randomBytes(101 * 2 ** 20));
    writeFileSync(join(folder, 'configuration/small.txt'), 'small');
    await expect(archiveWith('weights.bin', 'small.txt').zip()).rejects.toMatchObject({
      name: 'ConfigError',
      where: '--include weights.bin small.txt',
      message: expect.stringMatching(/has \d+ MiB; Ray takes an archive of 100 MiB/) as string,
      remedy: expect.stringContaining('weights.bin (101 MiB), small.txt') as string,
    });
  });

  it('that nothing could make small enough is refused before anything is read', () => {
    truncateSync(join(folder, 'configuration/data/a.png'), 3 * 2 ** 30);
    expect(() => archiveWith('data')).toThrow(
      'The files for the cluster have 3072 MiB; Ray takes an archive of 100 MiB.',
    );
  });

  it('whose files changed since it was named is not sent under that name', async () => {
    const archive = archiveWith('data');
    writeFileSync(join(folder, 'configuration/data/a.png'), 'else');
    await expect(archive.zip()).rejects.toThrow(/changed while the sweep ran/);
  });
});
