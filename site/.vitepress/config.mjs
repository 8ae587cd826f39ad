import { readdirSync, readFileSync } from 'node:fs';
import katex from 'katex';
import { defineConfig } from 'vitepress';

const pages = new URL('../pages/', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('../../apps/cli/package.json', import.meta.url), 'utf8'));

/** What a page calls itself. */
const titleOf = (path) => /^# (.*)$/m.exec(readFileSync(new URL(path, pages), 'utf8'))?.[1] ?? path;
/** The first words of a title are enough for a list. */
const shortTitle = (path) => titleOf(path).replaceAll('`', '').replace('@promptweave/', '').split(':')[0];
const item = (path) => ({ text: shortTitle(path), link: `/${path.replace(/(index)?\.md$/, '')}` });
const section = (text, folder, names) => ({
  text,
  collapsed: false,
  items: names.map((name) => item(`${folder}/${name}.md`)),
});
const inFolder = (folder, pattern) =>
  readdirSync(new URL(`${folder}/`, pages))
    .filter((name) => pattern.test(name))
    .map((name) => name.replace(/\.md$/, ''));

const first = ['use', 'export', 'benchmarks', 'sweeps', 'report', 'tracking', 'plugins', 'reference'];
const guides = inFolder('guide', /\.md$/);
const inOrder = [...first.filter((name) => guides.includes(name)), ...guides.filter((name) => !first.includes(name))];

export default defineConfig({
  title: 'promptweave',
  description: 'Composable prompt learning for CLIP-like models',
  srcDir: 'pages',
  outDir: 'dist',
  cleanUrls: true,
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: 'data:,' }]], // none, which browsers would ask for
  markdown: {
    config: (md) => {
      const fence = md.renderer.rules.fence;
      md.renderer.rules.fence = (tokens, index, ...rest) => {
        const { info, content } = tokens[index];
        if (info.trim() !== 'math') return fence(tokens, index, ...rest);
        return `<div class="formula" v-pre>${katex.renderToString(content, { displayMode: true, output: 'mathml' })}</div>`;
      };
      // What a page of the repository says in words may look like a template of Vue.
      const text = md.renderer.rules.text;
      md.renderer.rules.text = (...given) => text(...given).replaceAll('{{', '&#123;&#123;');
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: `/guide/${inOrder[0]}` },
      { text: 'Methods', link: '/packages/method-comma' },
      { text: 'Reference', link: '/guide/reference' },
      { text: version, link: '/guide/versioning' },
    ],
    sidebar: [
      { text: 'promptweave', items: [{ text: 'Start', link: '/' }] },
      section('Guide', 'guide', inOrder),
      section('Methods', 'packages', inFolder('packages', /^(method|head)-/)),
      section('Packages', 'packages', inFolder('packages', /^(?!method-|head-)/)),
      section('Decisions', 'decisions', inFolder('decisions', /\.md$/)),
      { text: 'Project', items: ['contributing.md', 'security.md', 'conduct.md', 'licences-of-data.md'].map(item) },
    ],
  },
});
