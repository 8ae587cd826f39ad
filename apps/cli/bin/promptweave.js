#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

module.enableCompileCache?.(); // from Node 22 on, modules are compiled once

const main = new URL('../lib/main.js', import.meta.url);
if (!existsSync(main)) {
  console.error('promptweave is not built yet in this checkout. Run: npm run build');
  process.exit(1);
}
await import(main.href);
