import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { manifestIn } from './repository.mjs';
import { run, step } from './run.mjs';

/** Of these there has to be one copy. */
const shared = ['@promptweave/core', '@tensorflow/tfjs-core', 'zod'];

/** A user's project: empty, outside the repository. */
export function emptyProject(place, env) {
  mkdirSync(place);
  run(place, env, 'npm', 'init', '--yes', '--silent');
  return {
    install(...packages) {
      step(`${basename(place)}: npm install ${packages.join(' ')}`);
      run(place, env, 'npm', 'install', '--silent', '--prefer-offline', ...packages);
    },
    /** One copy of what is shared, and a training by the plugin at the version that was asked for. */
    works({ promptweave, plugin: [name, version], configuration }) {
      console.log(run(place, env, 'npm', 'ls', '--all', ...shared));
      for (const one of shared) {
        const copies = run(place, env, 'npm', 'ls', '--all', '--parseable', one).trim().split('\n');
        assert.deepEqual(copies, [join(place, 'node_modules', one)], `one copy of ${one}`);
      }
      assert.equal(manifestIn(join(place, 'node_modules/promptweave')).version, promptweave);
      const lines = [
        'dataset: { use: emoji-groups, shots: 2, size: 48 }',
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
