import { escape, type Section } from './page/html.js';
import { SCRIPT } from './page/script.js';
import { STYLE } from './page/style.js';

/** What the page shows. */
export interface PageContent {
  readonly title: string;
  readonly protocol: string;
  readonly intro: string;
  readonly sections: readonly Section[];
}

/** One HTML page with everything in it; it fetches nothing. */
export function htmlPage({ title, protocol, intro, sections }: PageContent): string {
  const links = sections.map(({ id, heading }) => `<a href="#${id}">${escape(heading)}</a>`);
  const parts = sections.map(
    ({ id, heading, html }) => `<section id="${id}"><h2>${escape(heading)}</h2>\n${html}</section>`,
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
<nav aria-label="Contents">${links.join('')}</nav>
${parts.join('\n')}
</main>
<div id="tip" role="tooltip" hidden></div>
<script>${SCRIPT}</script>
</body>
</html>
`;
}
