import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

const program = `
  const { interruptible } = await import(${JSON.stringify(new URL('../../dist/terminal/interrupt.js', import.meta.url).href)});
  process.on('exit', () => console.log('torn down'));
  interruptible(() => console.log('stopping'));
  setInterval(() => undefined, 1000);
  console.log('ready');`;

it('a first Ctrl-C is told, a second one ends the process at once and tears nothing down', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString();
    if (said.endsWith('ready\n') || said.endsWith('stopping\n')) child.kill('SIGINT');
  });
  expect(await once(child, 'close')).toEqual([null, 'SIGINT']); // which a shell calls 130
  expect(said).toBe('ready\nstopping\n');
});
