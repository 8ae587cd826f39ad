import { mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/** A prompt learner as a stranger would write it: plain JavaScript, with the public package alone. */
const learner = `
import { definePlugin, templateTokens } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const plugins = [
  definePlugin({
    kind: 'prompt',
    name: 'echo',
    description: 'One learned vector.',
    options: z.object({ volume: z.number().min(0).max(11).default(1).describe('Start value.') }),
    properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
    create: ({ backbone, template }, { volume }) => {
      const ctx = tf.tidy(() => tf.variable(tf.fill([1, backbone.shape.text.width], volume)));
      return {
        variables: { ctx },
        template: templateTokens(backbone.tokenizer, template),
        prompts: () => ({ text: { vectors: ctx, scope: 'shared', namePosition: 'end', deep: [] } }),
        dispose: () => ctx.dispose(),
      };
    },
    presets: { loud: { prompt: { use: 'echo', volume: 11 } } },
  }),
];
`;

/** An empty project outside the workspace; the caller removes it. */
export async function emptyProject(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'promptweave-project-')));
}

/** Writes a file into a project, with its folders. */
export async function write(project: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(project, file)), { recursive: true });
  await writeFile(join(project, file), text);
}

/** What the stranger's package depends on. */
const peers = ['@promptweave/core', '@tensorflow/tfjs-core', 'zod'];

/** Installs the stranger's package, and what it depends on, as npm would. */
export async function installEcho(project: string, linked: readonly string[] = peers): Promise<void> {
  await write(project, 'package.json', '{ "name": "a-strangers-project", "private": true, "type": "module" }');
  const peerDependencies = Object.fromEntries(peers.map((name) => [name, '*']));
  const described = { name: 'promptweave-echo', version: '1.0.0', type: 'module', peerDependencies };
  const manifest = { ...described, exports: { import: './echo.js' } };
  await write(project, 'node_modules/promptweave-echo/package.json', JSON.stringify(manifest));
  await write(project, 'node_modules/promptweave-echo/echo.js', learner);
  const core = fileURLToPath(new URL('../..', import.meta.url));
  for (const name of linked) {
    await link(project, name, name === '@promptweave/core' ? core : dirname(require.resolve(`${name}/package.json`)));
  }
}

async function link(project: string, name: string, target: string): Promise<void> {
  const path = join(project, 'node_modules', name);
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path, 'junction');
}
