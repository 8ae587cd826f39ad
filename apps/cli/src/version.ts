import { createRequire } from 'node:module';

/** Version of promptweave. */
export const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };
