/**
 * Writes down which operations of TensorFlow a command executes, on whatever device:
 *
 *   OPERATIONS=list.txt node --import ./tools/gpu/watch-operations.mjs apps/cli/bin/promptweave.js verify packages/bench/fixtures/given
 */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const names = new Set();
let tfjs;

// The runtime hands TensorFlow.js to the native kernels under this name, just before it registers the backend.
Object.defineProperty(globalThis, Symbol.for('promptweave.tfjs'), {
  get: () => tfjs,
  set: (value) => {
    if (tfjs === undefined) watch(value);
    tfjs = value;
  },
});

function watch(value) {
  const { registerBackend } = value;
  value.registerBackend = (name, factory, priority) => {
    const backend = factory();
    for (const method of ['executeSingleOutput', 'executeMultipleOutputs']) {
      const original = backend[method];
      backend[method] = function (operation, ...rest) {
        if (!operation.startsWith('promptweave_')) names.add(operation); // a program: its operations were seen when it was recorded
        return original.call(this, operation, ...rest);
      };
    }
    return registerBackend(name, () => backend, priority);
  };
}

if (isMainThread) process.on('exit', () => writeFileSync(process.env.OPERATIONS, [...names].sort().join('\n')));
