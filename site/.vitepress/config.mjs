import { existsSync, readdirSync, readFileSync } from 'node:fs';
import katex from 'katex';
import { defineConfig } from 'vitepress';
import { menu } from './menu.mjs';

const pages = new URL('../pages/', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('../../apps/cli/package.json', import.meta.url), 'utf8'));

/** Where on its host the site lies, with a slash at both ends: SITE_BASE=/promptweave/ */
const base = process.env.SITE_BASE ?? '/';

/** What a page calls itself; the first words are enough for a list. */
const titleOf = (path) => /^# (.*)$/m.exec(readFileSync(new URL(path, pages), 'utf8'))?.[1] ?? path;
const shortTitle = (path) => titleOf(path).replaceAll('`', '').replace('@promptweave/', '').split(':')[0];
const item = (path) => ({ text: shortTitle(path), link: `/${path.replace(/(index)?\.md$/, '')}` });

/** The pages of a folder: those that the menu names, in its order, then all others. */
function inFolder(folder, first = []) {
  const place = new URL(`${folder}/`, pages);
  const names = existsSync(place) ? readdirSync(place).filter((name) => name.endsWith('.md')) : [];
  const rest = names.filter(
    (name) => !first.includes(name.slice(0, -3)) && `${folder}/${name}` !== 'guide/reference.md',
  );
  const named = first.map((name) => `${name}.md`).filter((name) => names.includes(name));
  return [...named, ...rest].map((name) => item(`${folder}/${name}`));
}

const sidebar = menu.map(({ text, folder, first, pages: named = [], collapsed = true }) => ({
  text,
  collapsed,
  items: [...named.map(item), ...(folder ? inFolder(folder, first) : [])],
}));

/** The name by which a heading is linked: as on GitHub, so that a link leads to it in both places. */
const headingId = (title) =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** Other versions of the site, as SITE_VERSIONS names them by whole addresses: 0.1=https://example.org/0.1/ next=https://example.org/ */
const otherVersions = (process.env.SITE_VERSIONS ?? '').split(/\s+/).filter(Boolean);

export default defineConfig({
  title: 'promptweave',
  description: 'Composable prompt learning for CLIP-like models',
  base,
  srcDir: 'pages',
  outDir: 'dist',
  cleanUrls: true,
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: 'data:,' }]], // none, which browsers would ask for
  markdown: {
    anchor: { slugify: headingId },
    config: (md) => {
      const fence = md.renderer.rules.fence;
      md.renderer.rules.fence = (tokens, index, ...rest) => {
        const { info, content } = tokens[index];
        if (info.trim() !== 'math') return fence(tokens, index, ...rest);
        return `<div class="formula" tabindex="0" v-pre>${katex.renderToString(content, { displayMode: true, output: 'mathml' })}</div>`;
      };
      // What a page of the repository says in words may look like a template of Vue.
      const text = md.renderer.rules.text;
      md.renderer.rules.text = (...given) => text(...given).replaceAll('{{', '&#123;&#123;');
      const code = md.renderer.rules.code_inline;
      md.renderer.rules.code_inline = (...given) => code(...given).replace('<code', '<code v-pre');
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Tutorials', link: '/tutorials/' },
      { text: 'Methods', link: '/methods/' },
      { text: 'Reference', link: '/guide/reference' },
      {
        text: version,
        items: [
          { text: 'Changelog', link: '/changelog' },
          { text: 'What a version promises', link: '/guide/versioning' },
          ...otherVersions.map((entry) => {
            const [name, link] = entry.split('=');
            return { text: name, link, target: '_self' };
          }),
        ],
      },
    ],
    sidebar,
  },
});
