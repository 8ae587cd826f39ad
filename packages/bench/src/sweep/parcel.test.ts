import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CellFolder } from './cell-folder.js';
import { readParcel, sendCell, sendEvent, unpackInto } from './parcel.js';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'parcel-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** What something prints. */
function printed(print: () => void): string {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => ((text += String(chunk)), true));
  print();
  spy.mockRestore();
  return text;
}

/** A cell's folder far from home, with all kinds of files. */
function farAway(): CellFolder {
  const folder = mkdtempSync(join(root, 'far-'));
  const noise = Buffer.from(Array.from({ length: 120_000 }, (_, i) => (i * 7919 * (i % 13)) % 251)); // several lines
  writeFileSync(join(folder, 'prompts.safetensors'), noise);
  writeFileSync(join(folder, 'outcome.json'), '{}');
  mkdirSync(join(folder, '1-base'));
  writeFileSync(join(folder, '1-base/log.txt'), 'lines\n');
  for (const own of ['cell.json', 'config.yaml', 'claim.3', 'resume.safetensors', 'failures.jsonl'])
    writeFileSync(join(folder, own), 'stays');
  return new CellFolder(folder);
}

describe('a parcel', () => {
  it('brings the files home among other output, and leaves there what belongs there', () => {
    const cell = farAway();
    const output = `Backend: cpu.\n${printed(() => {
      sendEvent({ type: 'begin', cell: 'x' });
      sendCell(cell, { status: 'finished' });
    })}a last word\n`;
    const { log, event, arrived } = readParcel(output);
    expect(log).toBe('Backend: cpu.\na last word');
    expect(event).toEqual({ type: 'begin', cell: 'x' });
    expect(arrived?.end).toEqual({ status: 'finished' });
    const home = new CellFolder(mkdtempSync(join(root, 'home-')));
    unpackInto(home, arrived!.files);
    expect(readdirSync(home.path).sort()).toEqual(['1-base', 'outcome.json', 'prompts.safetensors']);
    for (const file of ['prompts.safetensors', '1-base/log.txt'])
      expect(readFileSync(join(home.path, file)).equals(readFileSync(join(cell.path, file)))).toBe(true);
  });

  it('of a cell that is not finished holds its checkpoint', () => {
    const output = printed(() => sendCell(farAway(), { status: 'stopped' }));
    expect([...readParcel(output).arrived!.files.keys()]).toContain('resume.safetensors');
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, text.length / 2)],
    ['without a line', (text: string) => text.split('\n').slice(2).join('\n')],
    ['changed', (text: string) => text.replace('"data":"H4sI', '"data":"H4sJ')],
    ['with a path that leads out', (text: string) => text.replaceAll('1-base/log.txt', '../log.txt')],
  ])('that is %s has not arrived', (_, damage) => {
    const output = printed(() => sendCell(farAway(), { status: 'finished' }));
    expect(readParcel(output).arrived).toBeDefined();
    expect(readParcel(damage(output)).arrived).toBeUndefined();
  });
});
