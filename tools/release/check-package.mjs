// What npm would publish, checked before it does: node tools/release/check-package.mjs [FOLDER…] (without one: every package).
import { relative, resolve } from 'node:path';
import { packageProblems } from './package-problems.mjs';
import { root, workspacePackages } from './workspace.mjs';

const named = process.argv.slice(2).map((folder) => resolve(folder));
const folders = named.length ? named : [...workspacePackages().values()].map(({ folder }) => folder);
for (const [folder, problems] of await packageProblems(folders)) {
  for (const problem of problems) console.error(`${relative(root, folder)}: ${problem}`);
  if (problems.length) process.exitCode = 1;
}
if (!process.exitCode) console.log(`${folders.length} packages hold what they promise.`);
