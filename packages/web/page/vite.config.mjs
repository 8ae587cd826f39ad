import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';
import { kernelsModule, THREADS } from './kernels.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm');

/** The page of `promptweave export --to web`, without the model. */
export default defineConfig({
  root: here,
  base: './',
  logLevel: 'warn',
  resolve: {
    alias: [
      { find: /^@tensorflow\/tfjs-core$/, replacement: `${here}tfjs-core.ts` },
      { find: THREADS, replacement: `${here}no-threads.ts` },
    ],
  },
  build: {
    outDir: fileURLToPath(new URL('../dist/page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsDir: '.',
  },
  plugins: [
    {
      name: 'kernels',
      resolveId: (id) => (id.startsWith('kernels:') ? `\0${id}` : undefined),
      load: (id) => (id.startsWith('\0kernels:') ? kernelsModule(id.slice('\0kernels:'.length)) : undefined),
    },
    {
      name: 'packed WebAssembly',
      // No .gz, which some web servers unpack themselves.
      generateBundle() {
        const source = gzipSync(readFileSync(wasm), { level: 9 });
        this.emitFile({ type: 'asset', fileName: 'wasm-simd.bin', source });
      },
    },
  ],
});
