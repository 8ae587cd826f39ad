import { catalogue } from './catalogue.mjs';
import { costCells, setting } from './cost.mjs';
import { measuredOf } from './measured.mjs';
import { table } from './readme.mjs';

/** The two tables of the overview. */
export function overview() {
  const link = (name) => `[${catalogue[name].title}](${name}.md)`;
  const names = Object.keys(catalogue);
  return {
    choice: table([['method', 'take it where'], ...names.map((name) => [link(name), catalogue[name].takeIt])]),
    cost: [
      ...table(
        [
          ['method', 'learned parameters', 'step, s', 'memory, GiB', 'base', 'novel', 'HM', 'few-shot'],
          ...names.flatMap((name) => rowsOf(name, link(name))),
        ],
        ['---', ...Array(7).fill('---:')],
      ),
      '',
      `Cost: ${setting.architecture}, ${setting.classes} classes, 4 images a step (¹ one image), ${setting.processor}, ${setting.date}; \`node tools/methods/measure-cost.mjs\`.`,
      'Image features come from the cache; where ² is shown, the vision tower runs in every step instead, and its time grows with the images. – means fitted without steps; a cell is empty where the machine was not quiet.',
    ],
  };
}

/** A row for each way of the method that was measured. */
function rowsOf(name, link) {
  const { measured = [] } = catalogue[name];
  const [learned, step, memory] = costCells(name);
  if (measured.length === 0) return [[link, learned, step, memory, '', '', '', '']];
  return measured.map((row) => {
    const { cells } = measuredOf(row);
    return [measured.length > 1 ? `${link}: ${row}` : link, learned, step, memory, ...cells.slice(3)];
  });
}
