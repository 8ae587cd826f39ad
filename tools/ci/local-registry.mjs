// A registry of this machine alone, for trials of publishing: what is published stays in a folder, and what it does not have
// comes from the registry that npm is configured with.
// From code: localRegistry(folder). From a shell: node local-registry.mjs COMMAND… runs a command whose npm talks to it.
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const version = '6.7.4'; // later ones need Node 22

/**
 * Starts a registry that keeps what is published in `folder`. It ends with this process, whatever happens to it.
 * `env` is the environment in which npm uses it: `npm publish` has a token, `npm install` gets what was published.
 * @param {string} folder
 * @returns {Promise<{ url: string, userconfig: string, env: NodeJS.ProcessEnv, stop(): Promise<void> }>}
 */
export async function localRegistry(folder) {
  mkdirSync(folder, { recursive: true });
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' }).trim();
  const log = join(folder, 'registry.log');
  const server = fork(new URL('local-registry-server.mjs', import.meta.url), [verdaccio(), folder, upstream, log]);
  const [message] = await Promise.race([once(server, 'message'), once(server, 'exit')]);
  if (!message?.port) throw new Error(`The local registry did not start; see ${log}.`);

  const address = `//127.0.0.1:${message.port}/`;
  const userconfig = join(folder, 'npmrc');
  const lines = [`registry=http:${address}`, `${address}:_authToken=local`, 'fund=false', 'audit=false'];
  writeFileSync(userconfig, [...lines, 'update-notifier=false', ''].join('\n'));
  const others = Object.entries(process.env).filter(([name]) => !/^npm_config_(registry|userconfig)$/i.test(name));
  return {
    url: `http:${address}`,
    userconfig,
    // The registry also stands here, because a project's .npmrc comes before the user's.
    env: {
      ...Object.fromEntries(others),
      npm_config_userconfig: userconfig,
      npm_config_registry: `http:${address}`,
    },
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, 'exit');
      server.kill();
      await ended;
    },
  };
}

/** Folder with verdaccio in its node_modules. It is installed once for a checkout, beside the packages, not among them. */
function verdaccio() {
  const place = join(root, 'node_modules', '.cache', `verdaccio-${version}`);
  if (existsSync(place)) return place;
  const unfinished = `${place}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const overrides = { 'node-fetch': '2.7.0' }; // the release that it names is not in every registry
  writeFileSync(join(unfinished, 'package.json'), JSON.stringify({ private: true, overrides }));
  const quiet = ['--silent', '--ignore-scripts', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...quiet, `verdaccio@${version}`], { cwd: unfinished, stdio: 'inherit' });
  try {
    renameSync(unfinished, place);
  } catch (error) {
    if (!existsSync(place)) throw error; // otherwise another process was faster
    rmSync(unfinished, { recursive: true });
  }
  return place;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [command, ...args] = process.argv.slice(2);
  if (!command) throw new Error('What to run? node tools/ci/local-registry.mjs COMMAND…');
  const folder = mkdtempSync(join(tmpdir(), 'promptweave-registry-'));
  const registry = await localRegistry(folder);
  console.error(`registry: ${registry.url} (userconfig ${registry.userconfig})`);
  const child = spawn(command, args, { stdio: 'inherit', env: registry.env });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, 'exit');
  await registry.stop();
  rmSync(folder, { recursive: true });
  process.exitCode = code ?? 1;
}
