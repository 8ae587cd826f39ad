import { type BackendName, selectBackend } from '@promptweave/runtime';

/** Every test file computes on the best backend there is, or on the one named in PROMPTWEAVE_BACKEND; the files just import tfjs-core. */
await selectBackend((process.env.PROMPTWEAVE_BACKEND ?? 'auto') as BackendName | 'auto');
