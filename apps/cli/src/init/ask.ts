import { homedir } from 'node:os';
import { join } from 'node:path';
import { cancel, intro, isCancel, select, text } from '@clack/prompts';
import { EMBEDDED, FOR_PHOTOS } from '../runs/folder-configuration.js';
import type { InitFlags } from './init-flags.js';

/** Folder of images where nothing else is said. */
export const DEFAULT_IMAGES = 'photos';

/** A part that can be chosen: its name, and what it is. */
export interface Choice {
  readonly value: string;
  readonly hint: string;
}

/** The parts that can be chosen. */
export interface Choices {
  readonly prompts: readonly Choice[];
  readonly labels: readonly Choice[];
}

/**
 * Asks for what the flags leave out.
 * @param problemOf a folder of images: why it cannot be taken
 * @returns undefined where the user gives up
 */
export async function ask(
  flags: InitFlags,
  { prompts, labels }: Choices,
  problemOf: (images: string) => string | undefined,
): Promise<InitFlags | undefined> {
  intro('A configuration for your images');
  const questions: Readonly<Record<string, () => Promise<string | symbol>>> = {
    images: () =>
      text({
        message: 'Where are the images? (one folder for each class)',
        placeholder: DEFAULT_IMAGES,
        defaultValue: DEFAULT_IMAGES,
        validate: (typed) => problemOf(fromHome(typed || DEFAULT_IMAGES)),
      }),
    checkpoint: () =>
      select({
        message: 'What do they show?',
        options: [
          { value: FOR_PHOTOS, label: 'photos', hint: `${FOR_PHOTOS}, 600 MB, downloaded once` },
          {
            value: EMBEDDED,
            label: 'drawings, or it is a first try',
            hint: 'the small CLIP that comes with promptweave',
          },
        ],
      }),
    prompt: () =>
      select({
        message: 'How are the words around the class names learned?',
        initialValue: 'coop',
        options: [...prompts],
      }),
    labels: () =>
      select({
        message: 'Are the class names learned, too?',
        initialValue: 'lamm',
        options: [...labels],
      }),
  };
  const answers: Record<string, string> = {};
  for (const [name, question] of Object.entries(questions)) {
    if (flags[name as keyof InitFlags] !== undefined) continue;
    const answer = await question();
    if (isCancel(answer)) {
      cancel('Nothing was written.');
      return undefined;
    }
    answers[name] = name === 'images' ? fromHome(answer as string) : (answer as string);
  }
  return { ...flags, ...answers };
}

/** `~/photos` as a shell would read it, which does not see what is typed here. */
function fromHome(path: string): string {
  return /^~(?=$|[\\/])/.test(path) ? join(homedir(), path.slice(1)) : path.trim();
}
