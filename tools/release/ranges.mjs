import { satisfies } from 'semver';
import { dependenciesOf, workspacePackages } from './workspace.mjs';

/** Ranges on packages of this repository take what stands here, which is what the tests ran with. */
export function rangeProblems(manifest) {
  const packages = workspacePackages();
  return dependenciesOf(manifest).flatMap(([name, range]) => {
    const version = packages.get(name)?.manifest.version;
    if (!version || satisfies(version, range)) return [];
    return [`it asks for ${name} ${range}, and ${version} stands here: release both together (docs/releasing.md)`];
  });
}
