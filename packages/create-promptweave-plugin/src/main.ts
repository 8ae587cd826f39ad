import { relative, resolve } from 'node:path';
import { choose, type Wishes } from './choose.js';
import { helpText, parseCommandLine } from './command-line.js';
import { Fault } from './fault.js';
import { version } from './manifest.js';
import type { Project } from './project.js';
import { projectFiles } from './project-files.js';
import { checkFolder, writeProject } from './write-project.js';

/** Exit codes: wishes that cannot be met, and a user who gave up. */
const WRONG = 2;
const STOPPED = 130;

async function main(words: readonly string[]): Promise<number> {
  const { wishes, yes, help, version: asksVersion } = parseCommandLine(words);
  if (help || asksVersion) {
    console.log(help ? helpText() : version);
    return 0;
  }
  const complete = yes || !isTerminal() ? wishes : await asked(wishes);
  if (!complete) return STOPPED;
  const project = choose(complete);
  checkFolder(resolve(project.folder));
  const files = projectFiles(project);
  writeProject(resolve(project.folder), files);
  console.log(whatNext(project, [...files.keys()]));
  return 0;
}

function isTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

/** The questions are loaded where they are asked. */
async function asked(wishes: Wishes): Promise<Wishes | undefined> {
  const { ask } = await import('./ask.js');
  return ask(wishes);
}

function whatNext({ folder, name, plugin, kind }: Project, files: readonly string[]): string {
  const place = relative(process.cwd(), resolve(folder));
  return `The ${kind} "${plugin}", package ${name}, is made in ${place || 'this folder'}:
  ${[...files].sort().join('  ')}

Next:
${place === '' ? '' : `  cd ${place}\n`}  npm install
  npm test          # the conformance suite
  npm run train     # with the embedded CLIP, on drawings
  npm run grid      # side by side with others`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  console.error(`${error.message}\n${error.remedy}`);
  process.exitCode = WRONG;
}
