import { builtinPlugins, defaultPlugins } from '@promptweave/core/experiment';
import type { Plugin } from '@promptweave/core';
import { expect, it } from 'vitest';

it('builtin-names.json has the plugins that promptweave has itself (vitest -u writes it)', async () => {
  const modules = await Promise.all(
    defaultPlugins.map((name) => import(/* @vite-ignore */ name) as Promise<{ plugins: readonly Plugin[] }>),
  );
  const all = [...builtinPlugins, ...modules.flatMap(({ plugins }) => plugins)];
  const kinds = [...new Set(all.map(({ kind }) => kind))].sort();
  const namesOf = (kind: string) =>
    all
      .filter((plugin) => plugin.kind === kind)
      .map(({ name }) => name)
      .sort();
  const names = Object.fromEntries(kinds.map((kind) => [kind, namesOf(kind)]));
  await expect(`${JSON.stringify(names, undefined, 2)}\n`).toMatchFileSnapshot('../builtin-names.json');
});
