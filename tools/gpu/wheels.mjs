/** Downloads the wheels of which `runtime install --gpu` makes an installation, those that are not there yet: node wheels.mjs FOLDER */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';

const runtime = new URL('../../packages/runtime/dist/install/', import.meta.url);
const { downloadWheels } = await import(new URL('pip.js', runtime));
const { cudaRequirements } = await import(new URL('cuda.js', runtime));
const { defaultTensorflow, wheelPlatform } = await import(new URL('platform.js', runtime));
const { openPackedWheel, readWheelInformation } = await import(new URL('wheel-source.js', runtime));

const [folder] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const platform = wheelPlatform();

async function get(requirement) {
  const start = `${requirement.replace(/[<>=!~].*$/, '').replaceAll('-', '_')}-`;
  const there = () => readdirSync(folder).find((name) => name.startsWith(start) && name.endsWith('.whl'));
  if (!there()) {
    const [wheel] = await downloadWheels([requirement], platform, join(folder, 'new'), () => undefined);
    if (!existsSync(join(folder, basename(wheel)))) await rename(wheel, join(folder, basename(wheel)));
  }
  return join(folder, there());
}

const wheel = await openPackedWheel(await get(`${platform.cudaDistribution}==${defaultTensorflow}`));
const information = await readWheelInformation(wheel);
wheel.close();
for (const requirement of cudaRequirements(information)) await get(requirement);
