// "Are the types wrong", with its profile esm-only, for many archives in one process: node are-the-types-wrong.mjs ARCHIVE…
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';

/** What a package for `import` alone does not promise. */
const leftOut = ['node10', 'node16-cjs'];
/** It has no code, so it has no types. */
const withoutTypes = '@promptweave/emoji-data';

let checked = 0;
for (const archive of process.argv.slice(2)) {
  const pack = createPackageFromTarballData(new Uint8Array(readFileSync(archive)));
  if (pack.packageName === withoutTypes) continue;
  const { types, problems = [] } = await checkPackage(pack);
  const faults = problems.filter(({ resolutionKind }) => !leftOut.includes(resolutionKind));
  for (const fault of faults) console.error(`${basename(archive)}: ${JSON.stringify(fault)}`);
  if (!types) console.error(`${basename(archive)}: it has no types`);
  if (!types || faults.length > 0) process.exitCode = 1;
  checked++;
}
console.log(`types of ${checked} packages as each kind of import finds them`);
if (checked === 0) throw new Error('No archive was named.');
