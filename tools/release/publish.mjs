// Executor of nx-release-publish: Nx's own, behind a build and a check of what would be published.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageProblems } from './package-problems.mjs';

const require = createRequire(import.meta.url);
const manifest = require.resolve('@nx/js/executors.json');
const { implementation } = require(manifest).executors['release-publish'];

export async function publish(options, context) {
  const project = context.projectName;
  const { root, targets } = context.projectsConfigurations.projects[project];
  // With --projects, Nx leaves out what a target depends on.
  if (targets.build && !context.taskGraph?.tasks[`${project}:build`]) {
    execFileSync('npx', ['nx', 'build', project, '--output-style=static'], { cwd: context.root, stdio: 'inherit' });
  }
  const [problems] = (await packageProblems([join(context.root, root)])).values();
  if (problems.length) {
    console.error(`${project} is not published:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    return { success: false };
  }
  return require(join(dirname(manifest), implementation)).default(options, context);
}
