/** Text as HTML shows it. */
export function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => entities[sign]!);
}

/** Text that may be parted behind the signs of option paths: `train.learningRate=0.1`. */
export function parted(text: string): string {
  return escape(text).replaceAll(/[.=](?=\D)/g, '$&<wbr>');
}

/** A part of the page with a heading that the list of contents names. */
export interface Section {
  readonly id: string;
  readonly heading: string;
  readonly html: string;
}

/** A section, or undefined where there is nothing to show. */
export function section(id: string, heading: string, ...parts: readonly (string | undefined)[]): Section | undefined {
  const html = parts.filter(Boolean).join('\n');
  return html === '' ? undefined : { id, heading, html };
}

/** A simple table of HTML fragments. */
export function simpleTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const heads = head.map((text) => `<th scope="col">${escape(text)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`);
  return `<div class="wide"><table class="plain"><thead><tr>${heads}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

/** A table whose rows are lists of their own where the page is narrow: what stands in a column is named in each. */
export function stackedTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const heads = head.map((text) => `<th scope="col">${escape(text)}</th>`).join('');
  const cell = (html: string, column: number): string =>
    column === 0 ? `<th scope="row">${html}</th>` : `<td data-head="${escape(head[column]!)}">${html}</td>`;
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  return `<table class="plain stacked"><thead><tr>${heads}</tr></thead><tbody>${body.join('\n')}</tbody></table>`;
}

/** A part that is closed at first. */
export function folded(summary: string, html: string): string {
  return html === '' ? '' : `<details><summary>${escape(summary)}</summary>${html}</details>`;
}

/** Data for the page's script. */
export function jsonScript(id: string, value: unknown): string {
  return `<script type="application/json" id="${id}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`;
}
