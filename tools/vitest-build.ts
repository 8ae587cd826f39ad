import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Before tests that start the command: it runs what is built, which must be what the sources say. */
export function setup(): void {
  execFileSync(process.execPath, ['node_modules/typescript/lib/tsc.js', '-b', 'apps/cli'], {
    cwd: root,
    stdio: 'inherit',
  });
}
