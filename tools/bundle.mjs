// Bundles a package's compiled modules into few files, `lib`: Node takes about a millisecond for each file that it loads, and a command
// would load some eight hundred. Run in the package's folder by its build, after tsc, with the names of entries that no export names.
import { readFileSync, rmSync } from 'node:fs';
import { dirname, posix, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const MARK = '__promptweave_source__';
const dist = resolve('dist');
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const exported = Object.values(exports).flatMap(({ default: file }) =>
  file ? [file.slice('./lib/'.length, -'.js'.length)] : [],
);
const entries = [...exported, ...process.argv.slice(2)];

/** A module finds its files (workers, data) as if it still lay where it was compiled, with `lib` in the place of `dist`. */
const keepPlaces = {
  name: 'keep-places',
  transform: (code, file) => {
    const place = relative(dist, file).replaceAll('\\', '/'); // of Windows
    return code.replaceAll('import.meta.url', `${MARK}(${JSON.stringify(place)})`);
  },
  renderChunk: (code, { fileName }) =>
    code.replace(new RegExp(`${MARK}\\("([^"]+)"\\)`, 'g'), (_, file) => {
      const place = posix.relative(dirname(fileName), file);
      return fileName === file ? 'import.meta.url' : `new URL(${JSON.stringify(`./${place}`)}, import.meta.url).href`;
    }),
};

rmSync('lib', { recursive: true, force: true });
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((name) => [name, `dist/${name}.js`])),
  external: /^[^./]/,
  platform: 'node',
  optimization: { inlineConst: false },
  plugins: [keepPlaces],
});
await bundle.write({ dir: 'lib', format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
