/**
 * Runs what the READMEs of the packages show, in a project that has the packages: the programs, and the configurations of `promptweave`,
 * core and bench, with the embedded CLIP instead of a downloaded one. Those that talk to an MLflow server are left out.
 *
 * Usage: node tools/ci/readme-programs.mjs PROJECT
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = resolve(process.argv[2]);
const root = fileURLToPath(new URL('../..', import.meta.url));
const sharp = createRequire(join(project, 'node_modules/@promptweave/datasets/package.json'))('sharp');

/** The blocks of a language in a README. */
function blocks(folder, language) {
  const text = readFileSync(join(root, folder, 'README.md'), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block]) => block);
}

function run(command, ...words) {
  console.log(`$ ${[command, ...words].join(' ')}`);
  execFileSync(command, words, { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
}
const promptweave = (...words) => run('npx', 'promptweave', ...words);
const write = (name, text) => writeFileSync(join(project, name), text);

const colours = { cat: '#dc1e1e', dog: '#1ec828', bird: '#1e3cdc', fish: '#a0a000' };
for (const [name, fill] of Object.entries(colours)) {
  mkdirSync(join(project, 'photos', name), { recursive: true });
  for (let i = 0; i < 10; i++) {
    const circle = `<circle cx="${40 + 2 * i}" cy="48" r="${18 + 2 * i}" fill="${fill}"/>`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96">${circle}</svg>`;
    await sharp(Buffer.from(svg))
      .flatten({ background: '#fff' })
      .jpeg()
      .toFile(join(project, `photos/${name}/${i}.jpg`));
  }
}
await sharp(join(project, 'photos/cat/3.jpg')).toFile(join(project, 'holiday.jpg'));

const embedded = 'backbone.checkpoint=icons';
const [photos] = blocks('apps/cli', 'yaml');
write('photos.yaml', photos.replace(/checkpoint: [^ ]+/, 'checkpoint: icons'));
promptweave('train', 'photos.yaml');
promptweave('predict', 'holiday.jpg', '--run', 'runs/photos');
promptweave('evaluate', 'runs/photos');

const [plugin, program] = blocks('packages/core', 'js');
write('sure.js', plugin);
write('package.json', JSON.stringify({ ...JSON.parse(readFileSync(join(project, 'package.json'))), type: 'module' }));
write('sure.yaml', blocks('packages/core', 'yaml')[0]);
promptweave('train', 'sure.yaml', embedded, 'train.steps=2');
write('program.js', program);
run('node', 'program.js');

write('grid.yaml', blocks('packages/bench', 'yaml')[0]);
const short = ['grid.prompt.use=[none,coop]', 'seed=[1]', 'train.steps=2'];
promptweave('sweep', 'grid.yaml', '--jobs', '2', embedded, ...short);

for (const name of ['clip-icons', 'datasets', 'runtime', 'backbone-clip', 'bench']) {
  write(`${name}.js`, blocks(`packages/${name}`, 'js')[0]);
  run('node', `${name}.js`);
}
console.log('What the READMEs show works.');
