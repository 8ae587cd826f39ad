// Bundles a package's compiled modules into few files, `lib`: Node takes about a millisecond for each file that it loads, and a command
// would load some eight hundred. Run in the package's folder by its build, after tsc, with the names of entries that no export names.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, posix, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveImport } from 'import-meta-resolve';
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

const manifest = resolve('package.json');
const { resolve: resolveRequire } = createRequire(manifest);

/** Whether an import of a package gives the CommonJS file that a require gives. */
function isCommonJs(name) {
  if (name.startsWith('node:')) return false;
  const file = fileURLToPath(resolveImport(name, pathToFileURL(manifest).href));
  if (file !== resolveRequire(name) || !file.endsWith('.js')) return false;
  let folder = dirname(file);
  while (!existsSync(`${folder}/package.json`)) folder = dirname(folder);
  return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).type !== 'module';
}

/**
 * Packages in CommonJS are required: to import one, Node searches its text for the names of its exports first, which takes 0.17 s for
 * TensorFlow.js, where a require takes 0.04.
 */
const requireCommonJs = {
  name: 'require-common-js',
  renderChunk: (code) => {
    const required = code.replace(
      /^import (?:(\w+)(?:, )?)?(?:\* as (\w+)|\{ ([^}]*) \})?(?: from )?"([^."][^"]*)";$/gm,
      (statement, whole, namespace, names, name) => {
        if (!isCommonJs(name)) return statement;
        const module = `requireHere(${JSON.stringify(name)})`;
        const bound = [whole, namespace, names && `{ ${names.replaceAll(' as ', ': ')} }`].filter(Boolean);
        return bound.length === 0 ? `${module};` : `const ${bound.map((to) => `${to} = ${module}`).join(', ')};`;
      },
    );
    if (required === code) return undefined;
    return `import { createRequire as createRequireHere } from "node:module";
const requireHere = createRequireHere(import.meta.url);
${required}`;
  },
};

rmSync('lib', { recursive: true, force: true });
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((name) => [name, `dist/${name}.js`])),
  external: /^[^./]/,
  platform: 'node',
  optimization: { inlineConst: false },
  plugins: [keepPlaces, requireCommonJs],
});
await bundle.write({ dir: 'lib', format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
