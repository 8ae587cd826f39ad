import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cellFiles, CellFolder } from '../cell-folder.js';
import { slurmEngine } from './slurm-engine.js';

/** Puts an array's tasks into the queue, and notes how many were there already. */
const sbatch = `#!/bin/bash
queue=$(dirname "$0")/queue
array=$(dirname "$2")
grep -c . "$queue" >> "$(dirname "$0")/waiting"
index=0
while read -r cell; do
  echo "$index|RUNNING|$(basename "$array")" >> "$queue"
  echo "$cell" >> "$(dirname "$0")/paths"
  index=$((index + 1))
done < "$array/cells.txt"
echo 1
`;
/** Tells of the queue, after which one task of it is done. */
const squeue = `#!/bin/bash
folder=$(dirname "$0")
cat "$folder/queue"
if [ -s "$folder/queue" ]; then
  echo '{"summary": {}, "parameters": 1, "seconds": 1, "evaluationSeconds": 1, "date": ""}' > "$(head -n 1 "$folder/paths")/outcome.json"
  sed -i 1d "$folder/queue" "$folder/paths"
fi
`;

let root = '';
let path: string | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slurm-'));
  writeFileSync(join(root, 'sbatch'), sbatch, { mode: 0o755 });
  writeFileSync(join(root, 'squeue'), squeue, { mode: 0o755 });
  writeFileSync(join(root, 'queue'), '');
  path = process.env.PATH;
  process.env.PATH = `${root}:${path}`;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(root, { recursive: true });
});

it('submits an array when the one before is done, so that no more tasks run than there may', async () => {
  const cells = Array.from({ length: 5 }, (_, i) => {
    const cell = new CellFolder(join(root, 'cells', `cell-${i}`));
    mkdirSync(cell.path, { recursive: true });
    const identity = { configuration: '', checkpoint: '', plugins: {} };
    const sweep = { id: '0f1e2d3c-4b5a', name: 'sweep' };
    const described = { format: 1, id: cell.id, values: {}, identity, configurationFolder: '.', sweep };
    writeFileSync(join(cell.path, cellFiles.cell), JSON.stringify(described));
    return cell;
  });
  const needs = { cpus: 1, gpus: 0 };
  const engine = slurmEngine({ jobs: 2, needs, command: ['promptweave'], arraySize: 2, pollSeconds: 0.01 });
  const events: string[] = [];
  await engine.run({
    ...{ folder: root, cells, patience: { retries: 0 } },
    onEvent: (event) => events.push(event.type),
  });
  expect(readFileSync(join(root, 'waiting'), 'utf8')).toBe('0\n0\n0\n');
  expect(cells.every((cell) => cell.outcome())).toBe(true);
  expect(events.filter((type) => type === 'finish')).toHaveLength(5);
  expect(events).not.toContain('fail');
});
