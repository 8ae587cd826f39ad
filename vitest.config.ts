import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));
const rooms = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(`${root}${folder}`).map((name) => `${folder}/${name}`),
);

/** Tests run on the sources: a workspace package resolves to its src, so that nothing stale is ever tested. */
const sources = [
  { find: /^@promptweave\/([a-z-]+)\/testing$/, replacement: `${root}packages/$1/src/testing/index.ts` },
  { find: /^@promptweave\/core\/experiment$/, replacement: `${root}packages/core/src/programs.ts` },
  { find: /^@promptweave\/runtime\/early$/, replacement: `${root}packages/runtime/src/early.ts` },
  { find: /^@promptweave\/core\/portable$/, replacement: `${root}packages/core/src/portable.ts` },
  {
    find: /^@promptweave\/backbone-clip\/known-models$/,
    replacement: `${root}packages/backbone-clip/src/known-models.ts`,
  },
  { find: /^@promptweave\/([a-z-]+)$/, replacement: `${root}packages/$1/src/index.ts` },
];

/** Whether a package's tests need a TensorFlow.js backend. */
const computes = (room: string) => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(`${root}${room}/package.json`, 'utf8'));
  return '@tensorflow/tfjs-core' in { ...dependencies, ...peerDependencies };
};

/** Tests compute with tiny matrices, two packages beside each other: threads that share such a product cost more than the product. */
const threads = { TF_NUM_INTRAOP_THREADS: process.env.TF_NUM_INTRAOP_THREADS ?? '1' };

/** `*.slow.test.ts` take minutes: what commands do in processes of their own, and the installer. `.ci/run` runs them, each by its project. */
const slow = process.env.PROMPTWEAVE_SLOW_TESTS === '1';

export default defineConfig({
  test: {
    // A process tests each package; what they share is transformed once.
    experimental: { fsModuleCache: true },
    pool: 'forks',
    maxWorkers: 2,
    // Long, for a test that waits is no worse on a machine that is five times as slow.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    projects: [
      ...rooms.map((room) => ({
        extends: true as const,
        resolve: { alias: sources },
        test: {
          name: room.split('/')[1],
          root,
          include: [`${room}/src/**/*.${slow ? 'slow.test' : 'test'}.ts`],
          exclude: slow ? [] : ['**/*.slow.test.ts'],
          isolate: false, // files share a process, for loading a backend takes longer than most of them
          env: room === 'packages/runtime' ? {} : threads,
          setupFiles: [
            `${root}tools/vitest-nothing-left.ts`,
            ...(computes(room) ? [`${root}tools/vitest-backend.ts`] : []),
          ],
          globalSetup: room === 'apps/cli' ? [`${root}tools/vitest-build.ts`] : [],
        },
      })),
      {
        extends: true,
        resolve: { alias: sources },
        test: { name: 'documentation', root: `${root}tools/documentation`, include: ['*.test.ts'] },
      },
    ],
  },
});
