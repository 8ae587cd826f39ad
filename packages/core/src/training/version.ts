import { createRequire } from 'node:module';

const description = createRequire(import.meta.url)('../../package.json') as { readonly version: string };

/** Version of this package, which checkpoints and results name. */
export const coreVersion: string = description.version;
