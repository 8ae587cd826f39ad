import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostTensor, writeSafetensors } from '@promptweave/core';
import { describeLearned } from '@promptweave/core/experiment';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeHub, type Transfer } from '../../../../packages/backbone-clip/src/checkpoint/fake-hub.test.support.js';
import { openRun, train } from '../index.js';
import { folder, useShapes } from '../testing/shapes.test.support.js';
import { fetchRun } from './fetch-run.js';
import { hubAccess } from './hub-access.js';
import { wilson } from './model-card.js';
import { publishRun } from './publish-run.js';

useShapes();

const hub = new FakeHub();
beforeAll(() => hub.start());
afterAll(() => hub.stop());

function useHub(token?: string): void {
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HOME', join(folder, 'hf'));
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'hf/hub'));
  vi.stubEnv('HF_TOKEN', token ?? '');
}

it('a run goes to the hub with its card, and is used from there', { timeout: 240_000 }, async () => {
  const run = join(folder, 'run');
  await train(join(folder, 'shapes.yaml'), { folder: run, overrides: ['labels=lamm'], zeroShot: false });
  useHub();
  const request = { to: 'me/shapes', license: 'cc-by-4.0' };
  await expect(publishRun(run, request)).rejects.toThrow(/Nobody is logged in/);
  useHub('hf_wrong');
  await expect(publishRun(run, request)).rejects.toThrow(/does not let this be uploaded: 401/);
  useHub('hf_secret');
  const { files, url } = await publishRun(run, request);
  expect(url).toMatch(/\/me\/shapes$/);
  const stored = hub.repositories.get('me/shapes')!;
  expect([...stored.keys()].sort()).toEqual([...files].sort());
  expect(stored.get('prompts.safetensors')).toEqual(readFileSync(join(run, 'prompts.safetensors')));
  const card = stored.get('README.md')!.toString();
  expect(card).toMatch(/^---\nlicense: cc-by-4\.0\nlibrary_name: promptweave\n/);
  expect(card).toContain('3: circle, square, triangle');
  expect(card).toMatch(/\| test \| \d+\.\d \| \d+\.\d to \d+\.\d \| 6 \|/);
  expect(card).toContain('--run hf:me/shapes');
  await publishRun(run, request); // the repository is there already

  useHub();
  const image = join(folder, 'shapes/circle/3.png');
  const [here, there] = await Promise.all([openRun(run), openRun('hf:me/shapes')]);
  expect(await there.predict(image)).toEqual(await here.predict(image));
  await Promise.all([here.close(), there.close()]);
  await expect(openRun('hf:me/none')).rejects.toThrow(/does not let it be read: 404/);
  await expect(openRun('hf:none')).rejects.toThrow(/no name on the Hugging Face hub/);
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9');
  await expect(openRun('hf:me/other')).rejects.toThrow(/cannot be reached/);

  const secret = join(folder, 'secret');
  mkdirSync(secret);
  copyFileSync(join(run, 'prompts.safetensors'), join(secret, 'prompts.safetensors'));
  writeFileSync(join(secret, 'config.yaml'), 'tracker: { use: mlflow, uri: "https://me:pass@host" }\n');
  useHub('hf_secret');
  await expect(publishRun(secret, request)).rejects.toThrow(/user or password/);
});

it.each<Transfer>(['basic', 'multipart', 'xet'])(
  'weights go to the store of large files, once, and come back from there: %s',
  async (transfer) => {
    useHub('hf_secret');
    hub.transfer = transfer;
    hub.asked.length = 0;
    const run = join(folder, `large ${transfer}`);
    mkdirSync(run);
    const values = Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i * (1 + transfer.length)));
    const description = await describeLearned(join(folder, 'run/prompts.safetensors'));
    const file = join(run, 'prompts.safetensors');
    await writeSafetensors(file, new Map([['ctx', hostTensor(values, [2000])]]), {
      promptweave: JSON.stringify(description),
    });
    copyFileSync(join(folder, 'run/config.yaml'), join(run, 'config.yaml'));
    const request = { to: `me/${transfer}`, license: 'mit' };
    await publishRun(run, request);
    const sent = hub.xet.chunks.length;
    await publishRun(run, request);
    const uploads = hub.asked.filter((path) => path.startsWith('PUT /lfs/'));
    const files = hub.repositories.get(`me/${transfer}`)!;
    if (transfer === 'xet') {
      const { chunks } = hub.xet;
      expect(chunks.map(({ path }) => path.replace(/[^/]+$/, ''))).toEqual(['/cas/v1/xorbs/default/', '/cas/v1/']);
      expect(chunks[0]!.size).toBeGreaterThan(7000);
      expect(sent).toBe(2);
    } else {
      expect(files.get('prompts.safetensors')).toEqual(readFileSync(file));
      expect(uploads).toHaveLength(transfer === 'basic' ? 1 : Math.ceil(statSync(file).size / 1000));
    }
    expect(files.get('README.md')!.toString()).toContain('license: mit');
    const fetched = await fetchRun(`hf:me/${transfer}`);
    for (const name of ['prompts.safetensors', 'config.yaml']) {
      expect(readFileSync(join(fetched, name)).equals(readFileSync(join(run, name))), name).toBe(true);
    }
  },
);

describe('access to the hub', () => {
  it('has the token of the environment, or of the file that a login writes', () => {
    const home = join(folder, 'login');
    mkdirSync(home);
    writeFileSync(join(home, 'token'), 'hf_file\n');
    expect(hubAccess({ HF_HOME: home })).toEqual({ accessToken: 'hf_file' });
    expect(hubAccess({ HF_HOME: home, HF_TOKEN: 'hf_own' })).toEqual({ accessToken: 'hf_own' });
    expect(hubAccess({ HF_TOKEN_PATH: join(home, 'none'), HF_ENDPOINT: 'http://hub' })).toEqual({
      hubUrl: 'http://hub',
    });
    rmSync(home, { recursive: true });
  });
});

it("Wilson's interval is that of statsmodels", () => {
  // proportion_confint(8, 10, method='wilson'), (0, 5) and (20, 20)
  expect(wilson(0.8, 10).map((value) => value.toFixed(4))).toEqual(['0.4902', '0.9433']);
  expect(wilson(0, 5).map((value) => value.toFixed(4))).toEqual(['0.0000', '0.4345']);
  expect(wilson(1, 20).map((value) => value.toFixed(4))).toEqual(['0.8389', '1.0000']);
});
