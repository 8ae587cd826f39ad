// The Python program of docs/tracking.md, word for word, with MLflow alone: what it answers is what promptweave answers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const page = fileURLToPath(new URL('../../docs/tracking.md', import.meta.url));

/**
 * @param {string} python with mlflow, onnx, onnxruntime and Pillow
 * @param {string} folder with `holiday.jpg`
 * @param {string} uri of the server, where `models:/photos@champion` is
 * @param {{ label: string, logit: number }[]} expected answer to the image, all classes
 */
export async function pyfuncPredicts(python, folder, uri, expected) {
  const [, program] = /^```python\n(.*?)^```/ms.exec(readFileSync(page, 'utf8'));
  const more = 'import json\nprint(json.dumps(dict(zip(names, answer["logits"][0].tolist()))))\n';
  const env = { ...process.env, MLFLOW_TRACKING_URI: uri };
  const { stdout } = await promisify(execFile)(python, ['-c', program + more], { cwd: folder, env });
  const [label, ...rest] = stdout.trim().split('\n');
  const logits = JSON.parse(rest.at(-1));
  assert.equal(label, expected[0].label);
  assert.equal(Object.keys(logits).length, expected.length);
  const furthest = Math.max(...expected.map((answer) => Math.abs(answer.logit - logits[answer.label])));
  assert.ok(furthest < 1e-4, `logits differ by ${furthest}`);
}
