import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { PromptweaveError } from '@promptweave/core';

/** Programs that open a file as a click on it does. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', '""'],
};

/**
 * Shows a page in the browser of the user's choice.
 * @throws PromptweaveError where this machine has none
 */
export async function openPage(page: string): Promise<void> {
  const [program, ...words] = OPENERS[process.platform] ?? ['xdg-open'];
  const path = resolve(page);
  try {
    const child = spawn(program, [...words, path], { detached: true, stdio: 'ignore' });
    await once(child, 'spawn');
    child.unref();
  } catch (cause) {
    throw new PromptweaveError(`The report is written, but no browser could be started (${program}).`, {
      where: path,
      remedy: 'Open the file in a browser; it needs nothing beside it, so it can be copied anywhere.',
      cause,
    });
  }
}
