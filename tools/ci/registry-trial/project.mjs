import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { manifestIn } from './repository.mjs';
import { run, step } from './run.mjs';

/** Of these there has to be one copy. */
const shared = ['@promptweave/core', '@tensorflow/tfjs-core', 'zod'];

/**
 * A user's project: empty, outside the repository. With `others`, another project, it has what that has installed of everybody else already,
 * which is the same and most of the work of an installation; npm installs ours and whatever does not fit.
 */
export function emptyProject(place, env, others) {
  mkdirSync(place);
  run(place, env, 'npm', 'init', '--yes', '--silent');
  if (others !== undefined) {
    const modules = join(place, 'node_modules');
    execFileSync('cp', ['--archive', '--link', join(others, 'node_modules'), modules]);
    for (const ours of ['.bin', '.package-lock.json', '@promptweave', 'promptweave']) {
      rmSync(join(modules, ours), { recursive: true });
    }
  }
  return {
    install(...packages) {
      step(`${basename(place)}: npm install ${packages.join(' ')}`);
      run(place, env, 'npm', 'install', '--silent', '--prefer-offline', ...packages);
    },
    /** One copy of what is shared, and a training by the plugin at the version that was asked for. */
    works({ promptweave, plugin: [name, version], configuration }) {
      const copies = run(place, env, 'npm', 'ls', '--all', '--parseable', ...shared)
        .trim()
        .split('\n');
      const once = shared.map((one) => join(place, 'node_modules', one));
      assert.deepEqual(copies.sort(), once.sort(), `one copy of each of ${shared}`);
      assert.equal(manifestIn(join(place, 'node_modules/promptweave')).version, promptweave);
      const lines = [
        'dataset: { use: emoji-plants, shots: 2, size: 48 }',
        'train: { steps: 3, batch: 8, learningRate: 0.002, augment: false }',
        ...configuration,
      ];
      writeFileSync(join(place, 'trial.yaml'), lines.join('\n'));
      run(place, env, 'npx', 'promptweave', 'train', 'trial.yaml', '--output', 'run', '--json');
      const { training, provenance } = JSON.parse(readFileSync(join(place, 'run/result.json'), 'utf8'));
      assert.equal(training.step, 3);
      assert.equal(provenance.plugins[name], version, `${name} that was trained with`);
    },
  };
}
