// A real MLflow server that is killed and started again, at one port and on one folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** @param {string} program path of `mlflow` */
export async function mlflowServer(program, folder) {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const uri = `http://127.0.0.1:${port}`;
  const log = openSync(join(folder, 'server.log'), 'a');
  const stores = ['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`];
  const artifacts = ['--artifacts-destination', join(folder, 'artifacts')];
  const address = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  let server;
  return {
    uri,
    async start() {
      server = spawn(program, ['server', ...stores, ...artifacts, ...address], {
        stdio: ['ignore', log, log],
        detached: true, // a process group of its own: its children end with it
        env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' },
      });
      for (const end = Date.now() + 300_000; Date.now() < end; await sleep(200)) {
        if (await fetch(`${uri}/health`).then(({ ok }) => ok, () => false)) return; // oxfmt-ignore
      }
      throw new Error(`The server did not start; see ${join(folder, 'server.log')}.`);
    },
    /** At once, as a power failure does it. */
    async kill() {
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, 'exit');
      process.kill(-server.pid, 'SIGKILL');
      await ended;
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
