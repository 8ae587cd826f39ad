// npm run quickstart: the grid of examples/quickstart.yaml. Where only WebAssembly computes, a smaller one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { listRuntimes } from '@promptweave/runtime';

const command = fileURLToPath(new URL('../apps/cli/bin/promptweave.js', import.meta.url));
process.on('SIGINT', () => {}); // the child stops gracefully, and says how to go on

async function promptweave(...words) {
  const [code] = await once(spawn(process.execPath, [command, ...words], { stdio: 'inherit' }), 'exit');
  if (code !== 0) process.exit(code ?? 1);
}

await promptweave('runtime', 'ensure');
const installed = (await listRuntimes()).some(({ problem }) => problem === undefined);
const backend = process.env.PROMPTWEAVE_BACKEND ?? (installed ? 'tensorflow' : 'wasm');
const grid = ['sweep', 'examples/quickstart.yaml', '--jobs', '2'];
const asked = process.argv.slice(2);
if (backend === 'tensorflow') {
  await promptweave(...grid, ...asked);
} else {
  console.error(
    'Without the native runtime this computes on WebAssembly: a smaller grid, one seed and 4 images a class.',
  );
  await promptweave(...grid, 'grid.seed=[1]', 'dataset.shots=4', ...asked); // the last one wins
}
