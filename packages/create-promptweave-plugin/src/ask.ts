import { cancel, intro, isCancel, select, text } from '@clack/prompts';
import { choose, DEFAULT_KIND, type Wishes } from './choose.js';
import { Fault } from './fault.js';
import { kinds, templateOf } from './templates.js';

/** Asks for what the command line left out: kind and name. @returns undefined where the user gives up */
export async function ask(wishes: Wishes): Promise<Wishes | undefined> {
  intro('A plugin of promptweave');
  const kind = wishes.kind ?? (await askKind());
  if (kind === undefined) return stopped();
  if (wishes.target !== undefined || wishes.name !== undefined) return { ...wishes, kind };
  const target = await askTarget({ ...wishes, kind });
  return target === undefined ? stopped() : { ...wishes, kind, target };
}

async function askKind(): Promise<string | undefined> {
  const kind = await select({
    message: 'What is it?',
    initialValue: DEFAULT_KIND,
    options: kinds().map((value) => ({ value, hint: templateOf(value).about })),
  });
  return isCancel(kind) ? undefined : kind;
}

async function askTarget(wishes: Wishes & { readonly kind: string }): Promise<string | undefined> {
  const standard = templateOf(wishes.kind).default;
  const target = await text({
    message: 'What is the package called? (a name such as my-method or @me/my-method, or a folder)',
    placeholder: standard,
    defaultValue: standard,
    validate: (value) => {
      try {
        choose({ ...wishes, target: value || standard });
        return undefined;
      } catch (error) {
        if (error instanceof Fault) return `${error.message} ${error.remedy}`;
        throw error;
      }
    },
  });
  return isCancel(target) ? undefined : target;
}

function stopped(): undefined {
  cancel('Nothing was made.');
  return undefined;
}
