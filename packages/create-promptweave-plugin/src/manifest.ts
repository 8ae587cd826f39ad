import { readFileSync } from 'node:fs';
import type { Project } from './project.js';
import { templateOf } from './templates.js';

const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
};

export const { version } = own;

/** Of these there is one copy in a program, the program's own. */
const SHARED = ['@promptweave/core', '@tensorflow/tfjs-core', 'zod'];

/** To test, to compile and to train. */
const TOOLS = [
  '@promptweave/backbone-clip',
  '@promptweave/emoji-data',
  '@types/node',
  'promptweave',
  'typescript',
  'vitest',
];

/** The versions that the templates are tested with here. */
function ranges(packages: readonly string[]): Record<string, string> {
  return Object.fromEntries([...packages].sort().map((name) => [name, own.devDependencies[name]!]));
}

/** The package.json of a project. */
export function manifestOf({ name, kind, author }: Project): object {
  const { about, dependencies } = templateOf(kind);
  return {
    name,
    version: '0.1.0',
    description: `For promptweave, ${about}`,
    keywords: ['promptweave', 'promptweave-plugin', kind],
    license: 'MIT',
    author,
    type: 'module',
    engines: { node: '>=20.19' },
    exports: {
      '.': { types: './dist/plugin.d.ts', default: './dist/plugin.js' },
      './package.json': './package.json',
    },
    files: ['dist'],
    publishConfig: { access: 'public' },
    scripts: {
      build: 'tsc',
      test: 'vitest run --dir src --testTimeout=60000 --hookTimeout=120000',
      train: 'npm run build && promptweave train train.yaml',
      grid: 'npm run build && promptweave sweep grid.yaml',
      prepack: 'npm run build',
      prepublishOnly: 'npm test',
    },
    ...(dependencies && { dependencies: ranges(dependencies) }),
    peerDependencies: ranges(SHARED),
    devDependencies: ranges([...SHARED, ...TOOLS].filter((each) => !dependencies?.includes(each))),
  };
}
