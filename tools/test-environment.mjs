/**
 * Prints all that tests may depend on beside files of the project: Nx takes it as one of their inputs, so that what passed with another
 * Node, another native backend or another variable is not taken for passed.
 */
import { readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const NAMES =
  /^(PROMPTWEAVE_|MLFLOW_|HF_|TF_|RAY_|SLURM_|PIP_|XDG_|OMP_|CUDA_|NVIDIA_|XLA_|LD_|NODE_)|^(CXX|HOME|CI|TZ|LANG|LC_ALL|https?_proxy|no_proxy)$/i;

console.log(process.version, process.platform, process.arch, availableParallelism());
for (const [name, value] of Object.entries(process.env).sort()) if (NAMES.test(name)) console.log(`${name}=${value}`);

const runtime = await import('../packages/runtime/dist/cache-folder.js').catch(() => undefined);
if (runtime) print(runtime.runtimeFolder());
else console.log('not built, so not known', Date.now());

/** The files of the installed native backends. */
function print(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) for (const entry of readdirSync(path).sort()) print(join(path, entry));
  else if (found) console.log(path, found.size, found.mtimeMs);
}
