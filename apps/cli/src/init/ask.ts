import { cancel, intro, isCancel, select, text } from '@clack/prompts';
import { EMBEDDED, FOR_PHOTOS } from '../runs/folder-configuration.js';
import type { InitFlags } from './init-flags.js';

/** Names of the parts that can be chosen. */
export interface Choices {
  readonly prompts: readonly string[];
  readonly labels: readonly string[];
}

/** Asks for what the flags leave out. @returns undefined where the user gives up */
export async function ask(flags: InitFlags, { prompts, labels }: Choices): Promise<InitFlags | undefined> {
  intro('A configuration for your images');
  const questions: Readonly<Record<string, () => Promise<string | symbol>>> = {
    images: () =>
      text({
        message: 'Where are the images? (one folder for each class)',
        placeholder: 'photos',
        defaultValue: 'photos',
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
        options: prompts.map((value) => ({ value })),
      }),
    labels: () =>
      select({
        message: 'Are the class names learned, too?',
        initialValue: 'lamm',
        options: labels.map((value) => ({ value })),
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
    answers[name] = answer as string;
  }
  return { ...flags, ...answers };
}
