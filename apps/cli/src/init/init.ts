import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { shellWord } from '@promptweave/bench';
import { ConfigError } from '@promptweave/core';
import { loadRegistry, parseConfiguration, resolveConfiguration } from '@promptweave/core/experiment';
import { FOR_PHOTOS, isFolder } from '../runs/folder-configuration.js';
import { STOPPED } from '../terminal/interrupt.js';
import { ask, DEFAULT_IMAGES } from './ask.js';
import { configurationText, type Answers } from './configuration-text.js';
import type { InitFlags } from './init-flags.js';

/**
 * Writes a commented configuration of what flags and answers say.
 * @throws ConfigError where the file is there already, or the answers do not go together
 */
export async function init(flags: InitFlags): Promise<void> {
  const registry = await loadRegistry(undefined, import.meta.url);
  const choicesOf = (kind: 'prompt' | 'labels') =>
    registry.names(kind).map((value) => ({ value, hint: registry.get(kind, value).description }));
  const isAsked = !flags.yes && process.stdin.isTTY && process.stdout.isTTY;
  const taken = (file: string): string | undefined =>
    existsSync(file) && !flags.overwrite
      ? `There is a ${file} already: --overwrite replaces it, --out names another.`
      : undefined;
  const problemOf = (images: string): string | undefined => taken(flags.out ?? fileFor(images));
  const answered = isAsked
    ? await ask(flags, { prompts: choicesOf('prompt'), labels: choicesOf('labels') }, problemOf)
    : flags;
  if (!answered) {
    process.exitCode = STOPPED;
    return;
  }
  const {
    images = DEFAULT_IMAGES,
    checkpoint = FOR_PHOTOS,
    prompt = 'coop',
    labels: aligner = 'lamm',
    shots = 16,
  } = answered;
  const file = answered.out ?? fileFor(images);
  if (existsSync(file) && !flags.overwrite) {
    throw new ConfigError('This file is there already.', {
      where: file,
      remedy: 'Name another one with --out, or replace it with --overwrite.',
    });
  }
  const way = relative(dirname(resolve(file)), resolve(images))
    .split(sep)
    .join('/');
  const path = way.startsWith('.') ? way : `./${way}`;
  const answers: Answers = {
    path: way === '' ? '.' : path,
    checkpoint,
    prompt,
    labels: aligner,
    shots,
    name: basename(file).replace(/\.[^.]*$/, ''),
  };
  const text = configurationText(answers);
  resolveConfiguration(parseConfiguration(text, file), { registry }); // what does not stand together is told before it is written
  await writeFile(file, text);
  console.log(`Written: ${file}`);
  if (!isFolder(images))
    console.error(`Note: there is no folder ${images} yet. Put one folder of images into it for each class.`);
  console.log(`Next: npx promptweave train ${shellWord(file)}`);
}

/** A configuration file for a folder of images, in the working directory. */
function fileFor(images: string): string {
  const name = basename(resolve(images)).replaceAll(/\p{Cc}+/gu, ' ');
  return `${name || 'photos'}.yaml`;
}
