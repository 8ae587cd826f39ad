import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const started = Date.now();

export function step(what) {
  console.log(`[${Math.round((Date.now() - started) / 1000)} s] ${what}`);
}

/** Runs a command in a folder; what it printed. `env` is that of the registry. */
export function run(cwd, env, command, ...args) {
  const { status, stdout, stderr } = finished(cwd, env, command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} (exit ${status}):\n${stdout}\n${stderr}`);
  return stdout;
}

/** Runs a command that has to fail and to say why. */
export function refused(cwd, env, why, command, ...args) {
  const { status, stdout, stderr } = finished(cwd, env, command, args);
  assert.notEqual(status, 0, `${command} ${args.join(' ')} was not refused`);
  assert.match(stdout + stderr, why);
}

function finished(cwd, env, command, args) {
  return spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 28 });
}
