import { catalogue } from '../../tools/methods/catalogue.mjs';

/** The menu: what stands where, and in which order. A folder's pages that are not named follow by their names. */
export const menu = [
  { text: 'promptweave', pages: ['index.md'], collapsed: false },
  {
    text: 'Tutorials',
    folder: 'tutorials',
    first: ['index', 'your-photos', 'ablation', 'paper-table', 'write-a-method', 'from-pytorch'],
    collapsed: false,
  },
  { text: 'How to', folder: 'how-to', first: ['index'] },
  {
    text: 'Guide',
    folder: 'guide',
    first: [
      'concepts',
      'use',
      'export',
      'benchmarks',
      'findings',
      'sweeps',
      'report',
      'tracking',
      'plugins',
      'backbones',
      'speed',
    ],
  },
  { text: 'Methods', folder: 'methods', first: ['index', ...Object.keys(catalogue)] },
  {
    text: 'Reference',
    pages: ['guide/reference.md'],
    folder: 'reference',
    first: ['configuration', 'commands', 'presets'],
  },
  { text: 'API', folder: 'api', first: ['index', 'promptweave', 'core', 'core-testing', 'mlflow-js-client'] },
  { text: 'Packages', folder: 'packages', first: ['promptweave', 'core'] },
  { text: 'Decisions', folder: 'decisions', first: ['index'] },
  {
    text: 'Project',
    pages: ['changelog', 'roadmap', 'contributing', 'security', 'conduct', 'licences-of-data'].map(
      (name) => `${name}.md`,
    ),
  },
];
