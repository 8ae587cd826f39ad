import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { atTerminal, keys, type Step } from '../testing/terminal.test.support.js';

const init = ['init'];
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'init-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Needs the built command line and Python 3. */
describe('init at a terminal', { timeout: 120_000 }, () => {
  const rest: readonly Step[] = [
    ['What do they show?', keys.down + keys.enter],
    ['How are the words', keys.enter],
    ['Are the class names learned', keys.enter],
  ];

  it('asks, and writes what was answered', async () => {
    mkdirSync(join(folder, 'my leaves'));
    const { code, shown } = await atTerminal(
      init,
      [['Where are the images', `~/my leaves${keys.enter}`], ...rest],
      folder,
    );
    expect(shown).toContain("Next: npx promptweave train 'my leaves.yaml'");
    expect(code).toBe(0);
    const text = readFileSync(join(folder, 'my leaves.yaml'), 'utf8');
    expect(parse(text)).toMatchObject({
      ...{ dataset: { path: './my leaves' }, backbone: { checkpoint: 'icons' } },
      ...{ prompt: { use: 'coop' }, labels: { use: 'lamm' } },
    });
  });

  it('says at once that the file is there, and takes another folder', async () => {
    writeFileSync(join(folder, 'photos.yaml'), 'mine');
    const steps: readonly Step[] = [
      ['Where are the images', keys.enter],
      ['There is a photos.yaml already', `other${keys.enter}`],
    ];
    const { code, shown } = await atTerminal(init, [...steps, ...rest], folder);
    expect(code, shown).toBe(0);
    expect(readFileSync(join(folder, 'photos.yaml'), 'utf8')).toBe('mine');
    expect(existsSync(join(folder, 'other.yaml'))).toBe(true);
  });

  it('writes nothing where the user gives up', async () => {
    const steps: readonly Step[] = [
      ['Where are the images', keys.enter],
      ['What do they show?', keys.interrupt],
    ];
    const { code, shown } = await atTerminal(init, steps, folder);
    expect(shown).toContain('Nothing was written.');
    expect(code).toBe(130);
    expect(existsSync(join(folder, 'photos.yaml'))).toBe(false);
  });

  it('asks for nothing that the flags say', async () => {
    const flags = ['--images', 'x', '--checkpoint', 'icons', '--prompt', 'none'];
    const { code, shown } = await atTerminal([...init, ...flags], [['Are the class names', keys.enter]], folder);
    expect(code, shown).toBe(0);
    expect(shown).not.toMatch(/Where are|What do they|How are/);
  });
});
