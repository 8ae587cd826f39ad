import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root, workspacePackages } from '../../release/workspace.mjs';

/** A copy of this repository in `folder`, in which releases are tried: what is committed and changed, packages and builds. */
export function repositoryCopy(folder) {
  const git = (...args) => lines(execFileSync('git', args, { cwd: folder, encoding: 'utf8' }));
  const commit = lines(execFileSync('git', ['stash', 'create'], { cwd: root, encoding: 'utf8' }))[0] ?? 'HEAD';
  const [sha] = lines(execFileSync('git', ['rev-parse', commit], { cwd: root, encoding: 'utf8' }));
  execFileSync('git', ['clone', '--quiet', '--shared', '--no-checkout', root, folder]);
  git('checkout', '--quiet', '-B', 'main', sha);
  git('config', 'user.name', 'trial');
  git('config', 'user.email', 'trial@localhost');
  const places = [...workspacePackages()].map(([name, one]) => [name, relative(root, one.folder)]);
  linkModules(folder, ['', ...places.map(([, place]) => place)]);
  for (const place of ['.nx', ...places.flatMap(([, one]) => [join(one, 'dist'), join(one, 'lib')])]) {
    if (!existsSync(join(root, place))) continue;
    cpSync(join(root, place), join(folder, place), { recursive: true, preserveTimestamps: true });
  }
  return {
    git,
    /** Commits a version plan: bumps by package, and what stands in the changelog. */
    plan(bumps, message) {
      const front = Object.entries(bumps).map(([name, bump]) => `'${name}': ${bump}`);
      mkdirSync(join(folder, '.nx/version-plans'), { recursive: true });
      const text = ['---', ...front, '---', '', message, ''].join('\n');
      writeFileSync(join(folder, '.nx/version-plans/trial.md'), text);
      git('add', '.nx');
      git('commit', '--quiet', '--message', 'fix: a trial');
    },
    /** Versions of the packages, by name. */
    versions() {
      const versions = places.map(([name, place]) => [name, manifestIn(join(folder, place)).version]);
      return Object.fromEntries(versions.sort());
    },
  };
}

export function manifestIn(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Links take no time, and nothing writes there; between two file systems there are none. */
function linkModules(folder, places) {
  for (const place of places.map((one) => join(one, 'node_modules'))) {
    if (!existsSync(join(root, place))) continue;
    const [from, to] = [join(root, place), join(folder, place)];
    const { status } = spawnSync('cp', ['--archive', '--link', from, to], { stdio: 'ignore' });
    if (status !== 0) cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }
}

const lines = (text) => text.split('\n').filter(Boolean);
