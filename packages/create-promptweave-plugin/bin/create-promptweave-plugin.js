#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (!existsSync(main)) {
  console.error('create-promptweave-plugin is not built yet in this checkout. Run: npm run build');
  process.exit(1);
}
await import(main.href);
