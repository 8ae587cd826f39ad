/**
 * Runs what a page of the documentation shows, in the order in which it stands there, so that page and check cannot differ.
 *
 * Usage: node tools/documentation/replay.mjs PAGE… [--nightly] [--list] [--prepared FOLDER]
 *
 * A page is replayed in a folder of its own; `cd` holds for what follows. A comment before a block says what the block is:
 *
 * - `<!-- file: NAME -->` the block is the content of that file, in the folder where the commands are
 * - `<!-- output -->` the last commands have printed this; every number stands for any number, and … for anything
 * - `<!-- nightly -->` the commands take long: they run with --nightly alone
 * - `<!-- not run: REASON -->` the block is not run here
 *
 * A block of `sh` is commands; other blocks without a comment are only shown. In commands, `npx promptweave` is the build of this repository
 * where the folder has no other one installed, and a path below `examples/` is its folder.
 *
 * A page with `<!-- replayed by: FILE -->` needs what that file prepares, such as a registry, and is left out, which is said. FILE calls this
 * program with --prepared and a FOLDER to work in, which stays.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { blocksOf, outputPattern } from './blocks.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: flags, positionals: pages } = parseArgs({
  allowPositionals: true,
  options: { nightly: { type: 'boolean' }, list: { type: 'boolean' }, prepared: { type: 'string' } },
});

if (flags.list) {
  for (const page of pages) {
    for (const { kind, text } of blocksOf(readFileSync(page, 'utf8'))) console.log(`${page}: ${kind}\n${text}`);
  }
  process.exit(0);
}

let faults = 0;
for (const page of pages) {
  const helper = /^<!-- replayed by: (.+) -->$/m.exec(readFileSync(page, 'utf8'))?.[1];
  if (helper !== undefined && flags.prepared === undefined) {
    console.log(`${page}: replayed by ${helper}`);
    continue;
  }
  const started = performance.now();
  const folder = flags.prepared ?? mkdtempSync(join(tmpdir(), 'promptweave-page-'));
  try {
    replay(resolve(page), folder);
    console.log(`${page}: works (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  } catch (error) {
    faults += 1;
    console.error(`${page}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    if (flags.prepared === undefined) rmSync(folder, { recursive: true, force: true });
  }
}
process.exitCode = faults > 0 ? 1 : 0;

function replay(page, folder) {
  const env = environment(folder);
  let place = join(folder, 'work');
  let printed = '';
  for (const { kind, name, text, line } of blocksOf(readFileSync(page, 'utf8'))) {
    if (kind === 'file') {
      const file = join(place, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    } else if (kind === 'commands' || (kind === 'nightly' && flags.nightly)) {
      ({ printed, place } = run(text, place, env, `line ${line}`));
    } else if (kind === 'nightly') {
      printed = undefined; // what was not run has printed nothing that could be compared
    } else if (kind === 'output' && printed !== undefined) {
      if (!outputPattern(text).test(printed.replaceAll(/\s+/g, ' '))) {
        throw new Error(`The output of line ${line} is another one:\n${printed}`);
      }
    }
  }
}

/** Runs commands to their ends; the first that fails ends it, unless its line says `# exit code N`. */
function run(text, from, env, where) {
  let printed = '';
  let place = from;
  for (const command of commandsOf(text)) {
    const expected = Number(/# exit code (\d+)/.exec(command)?.[1] ?? 0);
    const done = spawnSync(
      'bash',
      ['-euo', 'pipefail', '-c', `exec 2>&1\ntrap 'pwd >"$REPLAY_PLACE"' EXIT\n${command}`],
      {
        ...{ cwd: place, env, encoding: 'utf8', maxBuffer: 2 ** 26 },
      },
    );
    printed += done.stdout;
    if (done.status !== expected) {
      throw new Error(`${where}: ${command}\nended with ${done.status ?? done.signal}:\n${done.stdout}`);
    }
    place = readFileSync(env.REPLAY_PLACE, 'utf8').trim();
  }
  return { printed, place };
}

/** The commands of a block: lines, of which one that ends in a backslash goes on. */
function commandsOf(text) {
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** A folder to work in, with `examples`, and an `npx` that knows promptweave without asking a registry. */
function environment(folder) {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  mkdirSync(join(folder, 'work'));
  symlinkSync(join(root, 'examples'), join(folder, 'work/examples'));
  const npx = execFileSync('bash', ['-c', 'command -v npx'], { encoding: 'utf8' }).trim();
  const script = [
    '#!/usr/bin/env bash',
    'if [ "$1" = promptweave ] && [ ! -e node_modules/.bin/promptweave ]; then',
    `  shift; exec "${process.execPath}" "${join(root, 'apps/cli/bin/promptweave.js')}" "$@"`,
    'fi',
    `exec "${npx}" "$@"`,
  ];
  writeFileSync(join(bin, 'npx'), `${script.join('\n')}\n`);
  chmodSync(join(bin, 'npx'), 0o755);
  return { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1', REPLAY_PLACE: join(folder, 'place') };
}
