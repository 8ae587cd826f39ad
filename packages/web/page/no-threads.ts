/** What the page takes for the threaded part of TensorFlow.js's WebAssembly, which it never asks for. */
export const wasmWorkerContents = '';
export { wasmWorkerContents as default };
