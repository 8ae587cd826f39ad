import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Before tests that start the command: it runs what is built, which must be what the sources say. Nx and `.ci/run` have built by then. */
export function setup(): void {
  if (process.env.NX_TASK_TARGET_TARGET === 'test' || process.env.CI) return;
  execFileSync('npx', ['nx', 'build', 'promptweave', '--output-style=static'], { cwd: root, stdio: 'inherit' });
}
