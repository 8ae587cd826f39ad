/// <reference lib="dom" />
/** WebAssembly with the kernels that an exported model may use. Its binary lies beside the page as gzip, a third of its size. */
import { env } from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm/dist/base';
import 'kernels:wasm';

const response = await fetch(new URL('wasm-simd.bin', location.href));
if (!response.ok || !response.body) throw new Error(`wasm-simd.bin was not sent: ${response.status}`);
const stream = response.body.pipeThrough(new DecompressionStream('gzip'));
const unpacked = await new Response(stream, { headers: { 'content-type': 'application/wasm' } }).blob();
const address = URL.createObjectURL(unpacked);
env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
setWasmPaths({
  'tfjs-backend-wasm.wasm': address,
  'tfjs-backend-wasm-simd.wasm': address,
  'tfjs-backend-wasm-threaded-simd.wasm': address,
});
