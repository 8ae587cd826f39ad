#!/usr/bin/env node
// Runs a command against a real MLflow server: with-server.mjs COMMAND [ARGUMENT…]
//
// MLflow is installed once, into a virtual environment in the user's cache (MLFLOW_TEST_VENV names another one). The server
// gets a free port and a folder of its own, MLFLOW_TEST_URI is set for the command, and MLFLOW_TEST_SERVER names the server's
// program, for tests that start and stop servers themselves. Ends with the command's exit code.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const VERSION = '3.17.2';
const command = process.argv.slice(2);
if (command.length === 0) {
  console.error('Usage: with-server.mjs COMMAND [ARGUMENT…]');
  process.exit(2);
}

/** The virtual environment; marked when it is whole. */
function environment() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = process.env.MLFLOW_TEST_VENV ?? join(cache, 'promptweave', `mlflow-${VERSION}`);
  const whole = join(folder, 'installed');
  if (existsSync(whole) || (process.env.MLFLOW_TEST_VENV && existsSync(join(folder, 'bin', 'mlflow')))) return folder;
  console.error(`Installing MLflow ${VERSION} into ${folder} (850 MB, once) …`);
  execFileSync('python3', ['-m', 'venv', '--clear', folder], { stdio: ['ignore', 2, 2] });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `mlflow==${VERSION}`];
  execFileSync(join(folder, 'bin', 'python'), pip, { stdio: ['ignore', 2, 2] });
  writeFileSync(whole, VERSION);
  return folder;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilHealthy(uri, server, log) {
  for (const end = Date.now() + 300_000; Date.now() < end; await sleep(200)) {
    if (server.exitCode !== null) break;
    const healthy = await fetch(`${uri}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (healthy) return;
  }
  throw new Error(`The server did not start:\n${readFileSync(log, 'utf8').slice(-4000)}`);
}

const program = join(environment(), 'bin', 'mlflow');
const data = mkdtempSync(join(tmpdir(), 'mlflow-server-'));
const port = await freePort();
const uri = `http://127.0.0.1:${port}`;
const log = join(data, 'server.log');
const stores = [
  '--backend-store-uri',
  `sqlite:///${join(data, 'mlflow.db')}`,
  '--artifacts-destination',
  join(data, 'artifacts'),
];
const server = spawn(program, ['server', ...stores, '--host', '127.0.0.1', '--port', String(port), '--workers', '1'], {
  stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')],
  // A process group of its own: the server has children, and all of them end with it.
  detached: true,
  env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' },
});
const endServer = () => {
  try {
    process.kill(-server.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
};
process.on('exit', endServer);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

let code = 1;
try {
  await untilHealthy(uri, server, log);
  const child = spawn(command[0], command.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, MLFLOW_TEST_URI: uri, MLFLOW_TEST_SERVER: program },
  });
  code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status) => resolve(status ?? 1));
  });
} finally {
  endServer();
  rmSync(data, { recursive: true, force: true });
}
process.exit(code);
