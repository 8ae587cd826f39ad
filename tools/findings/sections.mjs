import { costTable } from './cost.mjs';
import { gap } from './gap.mjs';
import { byDataset, byFigure, byShots, chance } from './tables.mjs';

const INCREMENTAL = {
  baseBefore: 'base, before',
  baseAfter: 'base, after',
  forgetting: 'forgetting',
  novel: 'novel, after',
  all: 'all, after',
};

/** What stands between `<!-- numbers: NAME -->` and `<!-- end -->` where the page asks for it. */
const sections = {
  comma: () => byDataset('comma', 'HM'),
  lamm: () => byDataset('lamm', 'accuracy'),
  gap,
  'promptsrc base': () => byDataset('promptsrc', 'base'),
  'promptsrc novel': () => byDataset('promptsrc', 'novel'),
  'promptsrc HM': () => byDataset('promptsrc', 'HM'),
  'promptsrc cost': () => costTable('promptsrc', 'HM'),
  heads: () => byDataset('heads', 'accuracy'),
  'heads cost': () => costTable('heads', 'accuracy'),
  'shots groups': () => byShots('shots', 'accuracy', 'emoji-groups'),
  'shots artists': () => byShots('shots', 'accuracy', 'emoji-artists'),
  'incremental groups': () => byFigure('incremental', INCREMENTAL, 'emoji-groups'),
  'incremental animals': () => byFigure('incremental', INCREMENTAL, 'emoji-animals'),
  'chance groups': () => chance('emoji-groups'),
  'chance animals': () => chance('emoji-animals'),
};

const SECTION = /(<!-- numbers: ([\w ]+) -->\n\n)[^]*?(\n\n<!-- end -->)/g;

/** The names of the sections of a page, in its order. */
export const sectionsOf = (page) => [...page.matchAll(SECTION)].map(([, , name]) => name);

/** The page with its numbers made anew from the data. */
export function withNumbers(page) {
  return page.replaceAll(SECTION, (_, start, name, end) => {
    if (!sections[name])
      throw new Error(
        `docs/findings.md asks for the numbers "${name}"; there are ${Object.keys(sections).join(', ')}.`,
      );
    return start + sections[name]() + end;
  });
}
