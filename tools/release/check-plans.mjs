// Before versions change: who depends on a package that breaks gets a version too, because its range would not take the new one.
// npm would otherwise install a second copy beside it. Nx raises the ranges of the packages that the plans name.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inc, satisfies } from 'semver';
import { parse } from 'yaml';
import { dependenciesOf, root, workspacePackages } from './workspace.mjs';

const packages = workspacePackages();
const plans = plannedBumps();
const problems = [];
for (const [name, { manifest }] of packages) {
  for (const [dependency, range] of dependenciesOf(manifest)) {
    const bump = plans.get(dependency);
    if (!bump || plans.has(name)) continue;
    const version = nextVersion(packages.get(dependency).manifest.version, bump);
    if (!satisfies(version, range))
      problems.push(`${name} asks for ${dependency} ${range}, which does not take ${version}`);
  }
}
if (problems.length) {
  console.error(`${problems.join('\n')}\nName ${problems.length === 1 ? 'it' : 'them'} in a version plan too.`);
  process.exitCode = 1;
}

/** The largest step that the version plans ask for, by package. */
function plannedBumps() {
  const folder = join(root, '.nx', 'version-plans');
  const bumps = new Map();
  const steps = ['patch', 'minor', 'major'];
  for (const file of existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')) : []) {
    const [, front] = readFileSync(join(folder, file), 'utf8').split(/^---$/m);
    for (const [name, bump] of Object.entries(parse(front ?? '') ?? {})) {
      if (steps.indexOf(bump) > steps.indexOf(bumps.get(name))) bumps.set(name, bump);
    }
  }
  return bumps;
}

/** As Nx counts: before 1.0.0, what breaks raises the second number and anything else the third. */
function nextVersion(version, bump) {
  if (!version.startsWith('0.')) return inc(version, bump);
  return inc(version, bump === 'major' ? 'minor' : 'patch');
}
