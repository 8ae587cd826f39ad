import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = fileURLToPath(new URL('../dist/page', import.meta.url));
const wasm = 'tfjs-backend-wasm-simd.wasm';

/** The page of `promptweave export --to web`, without the model. */
export default defineConfig({
  root: here,
  base: './',
  logLevel: 'warn',
  resolve: { alias: [{ find: /^@tensorflow\/tfjs-core$/, replacement: `${here}tfjs-core.ts` }] },
  build: { outDir: out, emptyOutDir: true, target: 'es2022', assetsDir: '.', chunkSizeWarningLimit: 400 },
  plugins: [
    {
      name: 'webassembly',
      writeBundle: () => {
        mkdirSync(out, { recursive: true });
        copyFileSync(
          createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/dist/${wasm}`),
          `${out}/${wasm}`,
        );
      },
    },
  ],
});
