import { basename, dirname } from 'node:path';

export const name = 'promptweave-targets';

/**
 * What Nx does with every package and app that has sources. Nobody declares it, so nobody forgets it; inputs and caching stand in nx.json.
 * `lint` and `typecheck` are for `nx affected`: for all of them at once, `npm run lint` has one process of each (package.json).
 */
export const createNodes = [
  '{packages,apps}/*/tsconfig.json',
  (files) =>
    files.map((file) => {
      const root = dirname(file);
      const targets = {
        // A script of that name in package.json is taken instead of this; to start npm for each package takes a quarter of a build.
        build: { command: 'tsc -b && node ../../tools/bundle.mjs', options: { cwd: root } },
        // One process a package, which loads a backend once; Nx runs as many packages beside each other as it is told (nx.json).
        test: { command: `vitest run --no-file-parallelism --project ${basename(root)}` },
        lint: { command: `eslint ${root}` },
        typecheck: { command: `tsc --project ${root}/tsconfig.tests.json` },
      };
      return [file, { projects: { [root]: { targets } } }];
    }),
];
