/**
 * Registers the gradients and the methods of tensors (`x.mul(y)`), which tfjs-core's build for Node leaves out. It publishes them
 * only as modules for bundlers: ES modules without extensions in a package of CommonJS, which Node does not load. `@tensorflow/tfjs`
 * has a bundle of them, in 220 MB. Plain JavaScript, because the installer's self-check runs it, too.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';

const registering = ['register_all_gradients.js', 'public/chained_ops/register_all_chained_ops.js'];
const requireFrom = createRequire(import.meta.url);
const completed = new WeakSet();

/**
 * @returns {object} this package's `@tensorflow/tfjs-core`, complete
 * @throws {Error} where one of its modules is not as it was in the version that this was written for
 */
export function completeTfjs() {
  const tfjs = requireFrom('@tensorflow/tfjs-core');
  if (completed.has(tfjs)) return tfjs;
  const folder = join(dirname(requireFrom.resolve('@tensorflow/tfjs-core/package.json')), 'dist');
  const load = moduleLoader(availableIn(tfjs));
  for (const file of registering) load(join(folder, file));
  completed.add(tfjs);
  return tfjs;
}

/** What modules import is taken from tfjs-core itself wherever it has it, so that there is one engine and one kind of tensor. */
function availableIn(tfjs) {
  const own = { ENGINE: tfjs.engine(), getGlobalTensorClass: () => tfjs.Tensor };
  return { ...tfjs.util, ...tfjs.backend_util, ...tfjs.slice_util, ...tfjs.broadcast_util, ...tfjs, ...own };
}

/** Loads modules by file, each once; of those that are imported only what is not `available`. */
function moduleLoader(available) {
  const loaded = new Map();
  const load = (file) => {
    const known = loaded.get(file);
    if (known) return known;
    const exported = {};
    loaded.set(file, exported);
    const { code, names } = asFunction(file);
    const fileOf = (specifier) => join(dirname(file), `${specifier}.js`);
    const imported = (specifier) =>
      new Proxy(
        {},
        { get: (_, name) => (Object.hasOwn(available, name) ? available[name] : load(fileOf(specifier))[name]) },
      );
    const body = `${code}\nObject.assign(__exports, { ${names.join(', ')} });`;
    const run = compileFunction(body, ['__import', '__run', '__exports'], { filename: file });
    run(imported, (specifier) => load(fileOf(specifier)), exported);
    return exported;
  };
  return load;
}

/** The statements that the TypeScript compiler writes, one a line; any other is an error, so that nothing is half loaded. */
function asFunction(file) {
  const names = [];
  const code = readFileSync(file, 'utf8')
    .replace(/^import \* as (\w+) from '(\..+)';$/gm, "const $1 = __import('$2');")
    .replace(
      /^import \{(.+)\} from '(\..+)';$/gm,
      (_, list, from) => `const {${list.replaceAll(' as ', ': ')}} = __import('${from}');`,
    )
    .replace(/^import '(\..+)';$/gm, "__run('$1');")
    .replace(/^export (const|var|let|function|class) (\w+)/gm, (_, kind, name) => {
      names.push(name);
      return `${kind} ${name}`;
    })
    .replace(/^export \{(.+)\};$/gm, (_, list) => {
      for (const entry of list.split(',')) names.push(entry.trim().split(' as ').reverse().join(': '));
      return '';
    });
  const other = /^(?:import|export)\b.*/m.exec(code)?.[0];
  if (other !== undefined) throw new Error(`${file} has a statement of an unknown form: ${other}`);
  return { code, names };
}
