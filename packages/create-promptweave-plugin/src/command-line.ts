import { parseArgs } from 'node:util';
import type { Wishes } from './choose.js';
import { Fault } from './fault.js';
import { kinds, templateOf } from './templates.js';

/** What was typed. */
export interface CommandLine {
  readonly wishes: Wishes;
  /** Take the defaults of what is left out. */
  readonly yes: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/** @throws Fault where a flag is unknown or lacks its value */
export function parseCommandLine(words: readonly string[]): CommandLine {
  const { values, positionals } = parse(words);
  const [target, ...more] = positionals;
  if (more.length > 0) {
    throw new Fault(`One package is made at a time; "${more.join(' ')}" is too much.`, 'See --help.');
  }
  const { yes = false, help = false, version = false, ...wishes } = values;
  return { wishes: { ...wishes, ...(target !== undefined && { target }) }, yes, help, version };
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        ...{ kind: text, name: text, plugin: text, author: text },
        yes: { type: 'boolean', short: 'y' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new Fault((error as Error).message.split('. ')[0]!, 'See --help.');
  }
}

export function helpText(): string {
  const list = kinds().map((kind) => `  ${kind.padEnd(10)} ${templateOf(kind).about}`);
  return `npm create promptweave-plugin@latest [folder] -- [flags]

Makes a package with a plugin of promptweave: a working example of its kind, with tests and a configuration that trains it.

  --kind KIND      what it is (below); default prompt
  --name NAME      the npm package, e.g. my-method or @me/my-method; default: the folder's name
  --plugin NAME    the plugin in configurations; default: from the package's name
  --author NAME    who holds the copyright; default: git's user.name
  --yes, -y        ask nothing, take the defaults; so it is where there is no terminal
  --version        which version this is

Kinds:
${list.join('\n')}

  npm create promptweave-plugin@latest my-loss -- --kind loss --yes`;
}
