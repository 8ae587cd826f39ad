import { writeFileSync } from 'node:fs';
import { mkdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { BENCHMARK } from '@promptweave/datasets';
import { benchmarkTree, classPicture, writeTree } from '@promptweave/datasets/testing';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../testing/cli.test.support.js';
import { run } from '../program.js';

const cli = commandLine();

const names = ['oxford_pets', 'eurosat', 'fgvc_aircraft'];
/** A root with three of the papers' data sets. */
async function writeRoot(): Promise<string> {
  const root = join(cli.folder, 'data');
  await writeTree(root, await benchmarkTree(BENCHMARK.filter(({ name }) => names.includes(name))));
  return root;
}

/** A folder of class folders. */
async function writePhotos(): Promise<string> {
  const root = join(cli.folder, 'photos');
  for (const [label, name] of ['cat', 'dog'].entries()) {
    await mkdir(join(root, name), { recursive: true });
    for (let i = 0; i < 4; i++) writeFileSync(join(root, name, `${i}.jpg`), await classPicture(label));
  }
  return root;
}

describe('promptweave datasets check', () => {
  it('names what is missing, broken, or other than published, and where it is to be had', async () => {
    const root = await writeRoot();
    await rm(join(root, 'oxford_pets/images/Bengal_3.jpg'));
    await truncate(join(root, 'oxford_pets/images/Bengal_2.jpg'));
    writeFileSync(join(root, 'eurosat/split_zhou_EuroSAT.json'), '{');
    expect(await run(['datasets', 'check', root])).toBe(1);
    const text = cli.out.join('\n');
    expect(text).toMatch(/oxford_pets +│ incomplete +│ +4 ≠ 37 +│ +16 ≠ 2,944 +│/);
    expect(text).toMatch(/Bengal_2\.jpg: The image file is empty\.\n +Bengal_3\.jpg: The file is missing\./);
    expect(text).toMatch(/^eurosat: broken\n {2}The split file is not JSON\.\n {2}where: .*split_zhou_EuroSAT\.json/m);
    expect(text).toMatch(/^dtd: absent\n {2}there is no dtd\/\n {2}to be had from .*dtd/m);
  });

  it('decodes images on request, and tells them all as JSON', async () => {
    const root = await writeRoot();
    const broken = join(root, 'fgvc_aircraft/images/1025794.jpg');
    await truncate(broken, 30);
    expect(await run(['datasets', 'check', root, 'fgvc_aircraft', '--json'])).toBe(1);
    expect(await run(['datasets', 'check', root, 'fgvc_aircraft', '--json', '--images'])).toBe(1);
    const [looked, decoded] = cli.out.map((text) => (JSON.parse(text) as { unreadable: object[] }[])[0]!.unreadable);
    expect(looked).toEqual([]);
    expect(decoded).toEqual([{ id: 'images/1025794.jpg', message: expect.stringContaining('cannot be read') }]);
  });

  it('checks a folder of one’s own', async () => {
    const root = await writePhotos();
    expect(await run(['datasets', 'check', root, '--images'])).toBe(0);
    expect(cli.out[0]).toMatch(/photos: 2 classes, 4 train, 2 val and 2 test images\nEvery image can be read\./);
    writeFileSync(join(root, 'dog/5.jpg'), 'no image');
    expect(await run(['datasets', 'check', root, '--images'])).toBe(1);
    expect(cli.out[1]).toMatch(/dog\/5\.jpg: The image cannot be read[^]*1 images cannot be used/);
  });

  it('checks a table of one’s own, and class folders that lie deeper', async () => {
    const root = await writePhotos();
    const rows = ['cat', 'dog'].flatMap((name) => [0, 1, 2, 3].map((i) => `photos/${name}/${i}.jpg,${name}`));
    const table = join(root, '../list.tsv');
    writeFileSync(table, ['path,label', ...rows].join('\n').replaceAll(',', '\t'));
    expect(await run(['datasets', 'check', table])).toBe(0);
    expect(cli.out[0]).toMatch(/list\.tsv: 2 classes, 4 train, 2 val and 2 test images/);
    expect(await run(['datasets', 'check', table, 'dtd'])).toBe(2);
    expect(await run(['datasets', 'check', table, '--level', '2'])).toBe(2);
    expect(await run(['datasets', 'check', join(root, '..'), '--level', '2'])).toBe(0);
    expect(cli.out[1]).toMatch(/: 2 classes, /);
    expect(await run(['datasets', 'check', root, '--level', '9'])).toBe(2);
    expect(cli.told.at(-1)).toMatch(/a level from 1 to 8/);
  });

  it('refuses names and folders that there are not', async () => {
    expect(await run(['datasets', 'check', join(cli.folder, 'none')])).toBe(4);
    expect(await run(['datasets', 'check', cli.folder, 'oxford_pet'])).toBe(2);
    expect(cli.told.join('\n')).toMatch(/There is no such folder[^]*Did you mean `oxford_pets`/);
    expect(await run(['datasets', 'check', await writeRoot(), 'dtd'])).toBe(1); // named, but absent
  });
});

describe('promptweave datasets list and show', () => {
  it('list the published counts, and what is there', async () => {
    expect(await run(['datasets', 'list'])).toBe(0);
    expect(cli.out[0]).toMatch(/oxford_pets +│ oxford_pets\/ +│ +37 +│ +2,944 +│ +736 +│ +3,669/);
    expect(cli.out[0]).toMatch(/emoji-plants/);
    expect(await run(['datasets', 'list', '--data', await writeRoot(), '--json'])).toBe(0);
    const { papers } = JSON.parse(cli.out[1]!) as { papers: { name: string; state: string }[] };
    expect(papers).toHaveLength(16);
    const states = new Map(papers.map(({ name, state }) => [name, state]));
    expect([states.get('eurosat'), states.get('dtd')]).toEqual(['incomplete', 'absent']);
  });

  it('show layout, origin and classes', async () => {
    expect(await run(['datasets', 'show', 'oxford_pets', '--data', await writeRoot()])).toBe(0);
    expect(cli.out[0]).toMatch(/layout +oxford_pets\/split_zhou_OxfordPets\.json\n +oxford_pets\/images/);
    expect(cli.out[0]).toMatch(/0 +│ abyssinian +│ +1 +│ +2 +│ +3 /);
    expect(await run(['datasets', 'show', await writePhotos(), '--json'])).toBe(0);
    expect(JSON.parse(cli.out[1]!)).toMatchObject({
      found: { name: 'photos', classes: [{ name: 'cat' }, { name: 'dog' }] },
    });
    expect(await run(['datasets', 'show', 'oxford_pet'])).toBe(2);
  });
});

describe('ImageNet with a flat val/, and ImageNetV2 without one of its folders', () => {
  /** Both of them broken, and a whole one beside them. */
  async function writeBroken(): Promise<string> {
    const root = join(cli.folder, 'data');
    const named = ['imagenet', 'imagenetv2', 'oxford_pets'];
    await writeTree(root, await benchmarkTree(BENCHMARK.filter(({ name }) => named.includes(name))));
    const val = join(root, 'imagenet/images/val');
    await rm(val, { recursive: true });
    await mkdir(val);
    writeFileSync(join(val, 'ILSVRC2012_val_00000001.JPEG'), await classPicture(0));
    await rm(join(root, 'imagenetv2/imagenetv2-matched-frequency-format-val/1'), { recursive: true });
    return root;
  }
  const missing = 'The folder of a class is missing or cannot be read\\.';

  it('are told by check and list, which go on with the other data sets', async () => {
    const root = await writeBroken();
    expect(await run(['datasets', 'check', root])).toBe(1);
    expect(cli.out[0]).toMatch(new RegExp(`^imagenet: broken\n  ${missing}\n  where: .*images/val/n`, 'm'));
    expect(cli.out[0]).toMatch(new RegExp(`^imagenetv2: broken\n  ${missing}\n  where: .*-val/1$`, 'm'));
    expect(cli.out[0]).toMatch(/^oxford_pets: incomplete/m);
    expect(await run(['datasets', 'list', '--data', root, '--json'])).toBe(0);
    const { papers } = JSON.parse(cli.out[1]!) as { papers: { name: string; state: string }[] };
    const states = Object.fromEntries(papers.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ imagenet: 'broken', imagenetv2: 'broken', oxford_pets: 'incomplete' });
  });

  it('are told by a bench before it runs anything', async () => {
    const root = await writeBroken();
    expect(await run(['bench', 'few-shot', '--data', root, '-o', join(cli.folder, 'runs')])).toBe(4);
    expect(cli.told.join('\n')).toMatch(new RegExp(`imagenet: ${missing} [^]*--datasets oxford_pets`));
  });
});

describe('promptweave bench', () => {
  it('says which data sets are not there before it runs anything', async () => {
    const root = await writeRoot();
    expect(await run(['bench', 'few-shot', '--data', root, '-o', join(cli.folder, 'runs')])).toBe(4);
    expect(cli.told.join('\n')).toMatch(
      /8 of 11 data sets[^]*imagenet: there is no imagenet\/[^]*--datasets oxford_pets,fgvc_aircraft,eurosat/,
    );
    expect(await run(['bench', 'few-shot', '--data', await writePhotos(), '-o', join(cli.folder, 'runs')])).toBe(4);
    expect(cli.told.at(-1)).toMatch(/class folders of your own images: --datasets .*photos/);
  });
});
