import { byDataset, chance } from './tables.mjs';

/** What stands between `<!-- numbers: NAME -->` and `<!-- end -->` on the page. */
export const sections = {
  comma: () => byDataset('comma', 'HM'),
  lamm: () => byDataset('lamm', 'accuracy'),
  heads: () => byDataset('heads', 'accuracy'),
  chance,
};

/** The page with its numbers made anew from the data. */
export function withNumbers(page) {
  return page.replaceAll(/(<!-- numbers: ([\w ]+) -->\n\n)[^]*?(\n\n<!-- end -->)/g, (_, start, name, end) => {
    if (!sections[name])
      throw new Error(
        `docs/findings.md asks for the numbers "${name}"; there are ${Object.keys(sections).join(', ')}.`,
      );
    return start + sections[name]() + end;
  });
}
