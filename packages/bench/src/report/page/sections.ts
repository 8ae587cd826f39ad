import type { BeforeAfter } from '../analysis/before-after.js';
import type { ResolvedConfusion } from '../analysis/label-gains.js';
import type { Picture } from '../draw.js';
import type { RowWords } from '../report-content.js';
import type { Thumbnails } from '../thumbnails.js';
import { escape, folded, section, simpleTable, type Section } from './html.js';

/** A picture with what it shows. */
export function figureHtml({ title, svg, narrow, name }: Picture): string {
  const phone = narrow === undefined ? '' : `<div class="wide phone">${narrow}</div>`;
  return `<figure id="picture-${name}"><div class="wide${narrow === undefined ? '' : ' desk'}">${svg}</div>${phone}<figcaption>${escape(title)}</figcaption></figure>`;
}

/** Test images before and after training. */
export function beforeAfterSection(
  found: BeforeAfter | undefined,
  names: { readonly before: string; readonly after: string } | undefined,
  thumbnails: Thumbnails,
): Section | undefined {
  if (!found || !names) return undefined;
  const { groups, total } = found;
  const share = (count: number): string => `${count.toLocaleString('en')} (${((100 * count) / total).toFixed(1)} %)`;
  const counts = groups.map(({ name, count }) => `${name}: ${share(count)}`).join('; ');
  const cards = groups.flatMap(({ name, images }) => {
    if (images.length === 0) return [];
    const shown = images.map(({ set, id, actual, before, after, confidence }) => {
      const answer = (text: string): string =>
        `<span class="${text === actual ? 'right' : 'wrong'}">${text === actual ? '✓' : '✗'} ${escape(text)}</span>`;
      return `<figure class="card">${thumbnailHtml(thumbnails.get(found.cells.after, set, id), id)}<b>${escape(actual)}</b> <span class="faint">${escape(set)}</span><br>before ${answer(before)}<br>after ${answer(after)} <span class="faint">(${(100 * confidence).toFixed(0)} % sure)</span></figure>`;
    });
    return [`<h3>${escape(name[0]!.toUpperCase() + name.slice(1))}</h3><div class="cards">${shown.join('\n')}</div>`];
  });
  const intro = `Before: ${names.before}. After: ${names.after}. Of ${total.toLocaleString('en')} test images ${counts}. The images are drawn at random from each group.`;
  return section(
    'images',
    'Test images before and after',
    `<p class="note">${escape(intro)}</p>`,
    problemHtml(thumbnails),
    ...cards,
  );
}

/** What learned labels no longer mix up. */
export function resolvedHtml(
  confusions: readonly ResolvedConfusion[],
  picturesOf: (confusion: ResolvedConfusion) => readonly (string | undefined)[],
): string {
  const rows = confusions.map((confusion) => {
    const { set, actual, mistakenFor, before, after, images } = confusion;
    const strip = picturesOf(confusion).map((uri, i) => (uri ? thumbnailHtml(uri, images[i]!) : ''));
    return [
      escape(actual),
      escape(mistakenFor),
      escape(set),
      String(before),
      String(after),
      `<div class="strip">${strip.join('')}</div>`,
    ];
  });
  if (rows.length === 0) return '';
  const head = [
    'class',
    'was taken for',
    'images of',
    'frozen labels',
    'learned labels',
    'mistaken before, recognised now',
  ];
  return `<h3>Confusions that the learned labels resolved</h3>${simpleTable(head, rows)}<p class="note">Test images of all seeds together.</p>`;
}

/** The words nearest to what rows learned. */
export function wordsSection(rows: readonly RowWords[]): Section | undefined {
  const parts = rows.map(({ row, words }) => {
    const near = (list: readonly { word: string; distance: number }[]): string =>
      list
        .map(({ word, distance }) => `${escape(word || '·')} <span class="faint">${distance.toPrecision(3)}</span>`)
        .join(', ');
    const context = words.context.map(({ class: name, position, words: nearest }) => [
      ...(words.context.some((vector) => vector.class) ? [escape(name ?? '')] : []),
      String(position + 1),
      near(nearest),
    ]);
    const labels = words.labels.map(({ class: name, from, words: nearest }) => [
      escape(name ?? ''),
      from ? `${escape(from.word)} <span class="faint">${from.distance.toPrecision(3)} away</span>` : '',
      near(nearest),
    ]);
    const head = words.context.some((vector) => vector.class)
      ? ['class', 'vector', 'nearest words']
      : ['vector', 'nearest words'];
    const tables = [simpleTable(head, context), simpleTable(['class', 'started from', 'nearest words'], labels)];
    return folded(row, tables.join(''));
  });
  const note =
    '<p class="note">Words of the vocabulary by Euclidean distance to the learned vectors, nearest first. A distance as large as that between two words means that the vector stands for none of them.</p>';
  return parts.length === 0 ? undefined : section('words', 'Nearest words', note, ...parts);
}

/** What failed, and what to do about it. */
export function failureSection(
  failures: readonly { readonly cell: string; readonly message: string; readonly log: string }[],
): Section | undefined {
  const parts = failures.map(
    ({ cell, message, log }) =>
      `<div class="failure"><b>${escape(cell)}</b><br>${escape(message)}<br><code>${escape(log)}</code></div>`,
  );
  return section('failures', 'Failures', ...parts);
}

/** One command for each cell. */
export function reproduceSection(
  commands: readonly { readonly cell: string; readonly command: string }[],
  made: string,
): Section | undefined {
  const rows = commands.map(({ cell, command }) => [escape(cell), `<code>${escape(command)}</code>`]);
  const table = folded(`The command of each cell (${commands.length})`, simpleTable(['cell', 'command'], rows));
  return section('reproduce', 'Reproduce', `<p class="note">${escape(made)}</p>`, table);
}

function thumbnailHtml(uri: string | undefined, id: string): string {
  return uri
    ? `<img class="thumb" src="${uri}" alt="${escape(id)}" title="${escape(id)}">`
    : `<code>${escape(id)}</code><br>`;
}

function problemHtml({ problem }: Thumbnails): string {
  return problem === undefined ? '' : `<p class="note">Without pictures: ${escape(problem)}</p>`;
}
