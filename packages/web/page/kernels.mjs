import { KERNELS } from '../dist/program.js';

/** Kernels that the image tower needs beside those of programs. */
const TOWER = ['Cast', 'Concat', 'Slice', 'Softmax', 'SplitV', 'Tile'];

/** A module that registers the kernels that an exported model may use. @param {string} backend webgl, webgpu or wasm */
export function kernelsModule(backend) {
  const names = [...Object.keys(KERNELS), ...TOWER].sort();
  const configuration = (name) => `${name[0].toLowerCase()}${name.slice(1)}Config`;
  const imports = names.map(
    (name) => `import { ${configuration(name)} } from '@tensorflow/tfjs-backend-${backend}/dist/kernels/${name}';`,
  );
  return `${imports.join('\n')}
import { registerKernel } from '@tensorflow/tfjs-core';
for (const kernel of [${names.map(configuration).join()}]) registerKernel(kernel);`;
}

/** The part of the WebAssembly backend that computes in threads, which the page does not. */
export const THREADS = /^.*tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/;
