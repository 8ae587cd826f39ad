import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { choose } from './choose.js';
import { pluginGenerator } from './nx-generator.js';
import { projectFiles } from './project-files.js';
import { kinds } from './templates.js';
import { checkFolder, writeProject } from './write-project.js';

// Within the repository, where the generated code finds its packages, and vitest takes them from the sources.
const folder = mkdtempSync(join(fileURLToPath(new URL('..', import.meta.url)), '.generated-'));
afterAll(() => rmSync(folder, { recursive: true }));

for (const kind of kinds()) {
  const place = join(folder, kind);
  const project = choose({ target: place, name: `@me/my-${kind}`, kind, author: '$& & sons' });
  const files = projectFiles(project);
  writeProject(place, files);
  describe(kind, () => {
    it('has no placeholder left, and says what was chosen', () => {
      for (const [path, text] of files) expect(text, path).not.toMatch(/\b(PACKAGE_NAME|PLUGIN_NAME|AUTHOR|YEAR)\b/);
      expect(files.get('LICENSE')).toContain(`${new Date().getFullYear()} $& & sons`);
      expect(files.get('train.yaml')).toContain(`plugins: [default, '@me/my-${kind}']`);
      expect(files.get('README.md')).toMatch(new RegExp(`^# @me/my-${kind}\n`));
      for (const needed of ['.gitignore', 'tsconfig.json', 'grid.yaml']) expect(files.has(needed), needed).toBe(true);
    });

    it('asks for versions of all that it needs', () => {
      const { peerDependencies, dependencies, devDependencies } = JSON.parse(files.get('package.json')!);
      expect(Object.keys(peerDependencies)).toEqual(['@promptweave/core', '@tensorflow/tfjs-core', 'zod']);
      for (const range of Object.values({ ...peerDependencies, ...dependencies, ...devDependencies })) {
        expect(range).toMatch(/^[\^~]\d/);
      }
    });

    it('is refused where something is already', () => {
      expect(() => checkFolder(place)).toThrow(/is not empty/);
      expect(() => checkFolder(join(place, 'LICENSE'))).toThrow(/it is a file/);
      expect(() => checkFolder(join(place, 'LICENSE/below'))).toThrow(/lies in one/);
      expect(() => writeProject(place, files)).toThrow(/cannot be written/);
    });

    it('is the same from Nx', () => {
      const written = new Map<string, string>();
      const tree = { exists: () => false, write: (path: string, text: string) => void written.set(path, text) };
      pluginGenerator(tree, { folder: 'libs/x', name: project.name, kind, author: project.author, tags: 'a,b' });
      const { nx, ...manifest } = JSON.parse(written.get('libs/x/package.json')!);
      expect(nx).toEqual({ tags: ['a', 'b'] });
      expect(manifest).toEqual(JSON.parse(files.get('package.json')!));
      const others = [...files].filter(([path]) => path !== 'package.json');
      for (const [path, text] of others) expect(written.get(`libs/x/${path}`)).toBe(text);
      expect(() => pluginGenerator({ ...tree, exists: () => true }, { folder: 'libs/x', kind })).toThrow(
        /is there already/,
      );
    });
  });
}
