import type { Picture } from './pictures.js';
import type { TextTable } from './table.js';

/** What the page shows. */
export interface PageContent {
  readonly title: string;
  readonly protocol: string;
  readonly intro: string;
  readonly table: TextTable;
  readonly pictures: readonly Picture[];
  readonly failures: readonly { readonly cell: string; readonly message: string }[];
  readonly reproduce: readonly { readonly cell: string; readonly command: string }[];
}

/** One HTML page with everything in it. */
export function htmlPage({ title, protocol, intro, table, pictures, failures, reproduce }: PageContent): string {
  const failed = failures.map(({ cell, message }) => `<li><b>${escape(cell)}</b>: ${escape(message)}</li>`);
  const commands = reproduce.map(
    ({ cell, command }) => `<tr><td>${escape(cell)}</td><td><code>${escape(command)}</code></td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escape(title)} <small>${escape(protocol)}</small></h1>
<p>${escape(intro)}</p>
<label>Filter <input id="filter" type="search" placeholder="words that a row must hold"></label>
<div class="wide">${tableHtml(table)}</div>
${pictures.map(({ title: caption, svg }) => `<figure><div class="wide">${svg}</div><figcaption>${escape(caption)}</figcaption></figure>`).join('\n')}
${failed.length > 0 ? `<h2>Failures</h2><ul>${failed.join('')}</ul>` : ''}
<h2>Reproduce</h2>
<details><summary>The command of each cell</summary><div class="wide"><table>${commands.join('')}</table></div></details>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function tableHtml({ head, rows }: TextTable): string {
  const heads = head.map((text) => `<th scope="col"><button type="button">${escape(text)}</button></th>`);
  const body = rows.map((row) => {
    const cells = row.map(({ text, best, number }) => {
      const classes = [number && 'number', best && 'best'].filter(Boolean).join(' ');
      return `<td${classes ? ` class="${classes}"` : ''}>${escape(text)}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table id="results"><thead><tr>${heads.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table>`;
}

function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => entities[sign]!);
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --best: #2a7d3c; }
@media (prefers-color-scheme: dark) { :root { --best: #7ddc92; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: Canvas; color: CanvasText; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem; }
h1 small { font-weight: normal; opacity: .7; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .75rem 0; }
th, td { padding: .3rem .75rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid; }
th[aria-sort=ascending] button::after { content: ' \\25B4'; }
th[aria-sort=descending] button::after { content: ' \\25BE'; }
tbody tr:hover { background: var(--soft); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.best { font-weight: 700; color: var(--best); }
figure { margin: 2rem 0; }
figcaption { opacity: .75; }
svg { max-width: none; color: CanvasText; }
input { font: inherit; padding: .25rem .5rem; min-width: 16rem; }
@media print { label, details summary { display: none; } }
`;

const SCRIPT = `
const table = document.getElementById('results');
const body = table.tBodies[0];
const value = (row, column) => row.cells[column].textContent.trim();
const number = (text) => (text.includes(':') ? text.split(':').reduce((sum, part) => 60 * sum + Number(part), 0) : parseFloat(text.replaceAll(',', '')));
[...table.tHead.rows[0].cells].forEach((head, column) => {
  head.firstChild.addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') !== 'descending';
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [value(a, column), value(b, column)];
      const [m, n] = [number(x), number(y)];
      const order = Number.isNaN(m) || Number.isNaN(n) ? x.localeCompare(y) : m - n;
      return down ? -order : order;
    });
    body.append(...rows);
  });
});
document.getElementById('filter').addEventListener('input', (event) => {
  const words = event.target.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const row of body.rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
});
`;
