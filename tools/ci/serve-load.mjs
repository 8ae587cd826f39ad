/**
 * A service under load and under fire: 500 requests, 32 at once, none of which is lost and which leave the memory flat; then 100 hostile bodies,
 * after which it still answers, and ends gracefully with what was asked before.
 *
 * Usage: node serve-load.mjs RUN IMAGE, with the command line built
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const [run, picture] = process.argv.slice(2);
const image = readFileSync(picture);
const promptweave = fileURLToPath(new URL('../../apps/cli/bin/promptweave.js', import.meta.url));
const words = ['serve', run, '--port', '0', '--queue', '40', '--max-megabytes', '2', '--max-images', '8'];
const service = spawn(process.execPath, [promptweave, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = once(service, 'exit');
const [line] = await once(service.stdout, 'data');
const address = /http:\S+/.exec(String(line))[0];
const { port } = new URL(address);

const jpeg = { 'content-type': 'image/jpeg' };
const ask = (body, headers, path = '/predict') =>
  fetch(address + path, { method: 'POST', body, headers, signal: AbortSignal.timeout(60_000) });
const form = () => {
  const body = new FormData();
  body.append('image', new Blob([image]), 'image');
  return body;
};
const json = () => JSON.stringify({ images: [image.toString('base64')] });
const residentMegabytes = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))[1]) / 1024;

/** Asks so often, so many at once. */
async function load(count, atOnce) {
  let next = 0;
  const answers = [];
  const worker = async () => {
    while (next < count) {
      const kind = next++ % 3;
      const response = await (kind === 0
        ? ask(image, jpeg)
        : kind === 1
          ? ask(form())
          : ask(json(), { 'content-type': 'application/json' }));
      assert.equal(response.status, 200, await response.clone().text());
      answers.push((await response.json()).images[0].answers);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answers;
}

try {
  const [expected] = await load(1, 1);
  await load(250, 32); // what is kept for the next request is there by now
  const before = residentMegabytes();
  const started = performance.now();
  const answers = await load(500, 32);
  const seconds = (performance.now() - started) / 1000;
  assert.equal(answers.length, 500);
  for (const answer of answers) assert.deepEqual(answer, expected);
  const growth = residentMegabytes() - before;
  console.log(
    `500 requests in ${seconds.toFixed(1)} s; memory ${before.toFixed(0)} MB, ${growth.toFixed(0)} MB more after them`,
  );
  assert.ok(growth < 60, `the memory grew by ${growth} MB`);

  // More than may wait are turned away, the others are answered.
  const crowd = await Promise.all(Array.from({ length: 120 }, () => ask(image, jpeg).then(({ status }) => status)));
  assert.ok(crowd.includes(429) && crowd.every((status) => status === 200 || status === 429), crowd.join());
  console.log(`120 at once: ${crowd.filter((status) => status === 429).length} were turned away`);

  await hostile();
  assert.deepEqual(await load(1, 1), [expected]);

  // What was asked before the end is answered.
  const eight = JSON.stringify({ images: Array(8).fill(image.toString('base64')) });
  const last = ask(eight, { 'content-type': 'application/json' });
  while ((await (await fetch(`${address}/healthz`)).json()).waiting === 0) await wait(1);
  service.kill('SIGTERM');
  const { images } = await (await last).json();
  assert.deepEqual(
    images.map(({ answers }) => answers),
    Array(8).fill(expected),
  );
  const [code] = await ended;
  assert.equal(code, 0);
  console.log('It ended gracefully.');
} finally {
  service.kill('SIGKILL');
}

/** A hundred bodies that nobody means well with; each gets an answer of 4xx or 503, or a closed connection. */
async function hostile() {
  const jsonHead = { 'content-type': 'application/json' };
  const base64 = image.toString('base64');
  const cut = (share) => image.subarray(0, Math.floor(image.length * share));
  const spoiled = (seed) => Buffer.from(image.map((byte, i) => ((i * 7919 + seed) % 97 === 0 ? byte ^ 255 : byte)));
  const boundary = { 'content-type': 'multipart/form-data; boundary=x' };
  const bomb = `<svg xmlns="http://www.w3.org/2000/svg" width="100000" height="100000"><rect width="1" height="1"/></svg>`;
  const entities = `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&a;</text></svg>`;
  const attacks = [
    ...[0, 0.01, 0.1, 0.5, 0.9].map((share) => () => ask(cut(share), jpeg)),
    ...Array.from({ length: 20 }, (_, seed) => () => ask(spoiled(seed), jpeg)),
    ...[
      '',
      '{',
      '[]',
      'null',
      '"x"',
      '{"images":[]}',
      '{"images":"x"}',
      '{"images":[1]}',
      '{"images":[""]}',
      '{"images":["%%%"]}',
    ].map((body) => () => ask(body, jsonHead)),
    ...['__proto__', 'constructor'].map((name) => () => ask(`{"images":["${base64}"],"${name}":{"top":1}}`, jsonHead)),
    () => ask(`{"images":["${base64}"],"top":-1}`, jsonHead),
    () => ask(`{"images":["${base64}"],"top":1e999}`, jsonHead),
    () => ask(JSON.stringify({ images: Array(9).fill(base64) }), jsonHead),
    () => ask('['.repeat(100_000), jsonHead),
    () => ask(Buffer.alloc(3 * 2 ** 20, 65), jpeg),
    () => ask(JSON.stringify({ images: ['A'.repeat(3 * 2 ** 20)] }), jsonHead),
    ...[
      'x',
      '--x',
      '--x\r\n\r\n',
      '--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nabc',
      '--x--',
      '--x\r\n'.repeat(5000),
    ].map((body) => () => ask(body, boundary)),
    () => ask('x', { 'content-type': 'multipart/form-data' }),
    () => ask('x', { 'content-type': 'multipart/form-data; boundary=' + 'y'.repeat(5000) }),
    ...['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'x'].map(
      (type) => () => ask('x', { 'content-type': type }),
    ),
    () => ask(bomb, { 'content-type': 'image/svg+xml' }),
    () => ask(entities, { 'content-type': 'image/svg+xml' }),
    ...['BM', 'GIF89a', '\x89PNG\r\n\x1a\n', 'RIFF0000WEBP', '%PDF-1.7', 'PK\x03\x04', '\0\0\0\x18ftypheic'].map(
      (start) => () => ask(Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(2000, 7)]), jpeg),
    ),
    ...['?top=0', '?top=x', '?top=1&top=2', '?threshold=NaN', '?unknown=1', '?top=99999999999'].map(
      (query) => () => ask(image, jpeg, `/predict${query}`),
    ),
    ...['/%', '/../../etc/passwd', '//', '/predict/', '/openapi.json'].map((path) => () => ask('x', jpeg, path)),
    ...[
      'GET / HTTP/9.9\r\n\r\n',
      'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
      'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
      '\0\0\0\0',
    ].map((text) => () => raw(text)),
    ...[0, 10, 1000].map((bytes) => () => leaves(bytes)),
  ];
  while (attacks.length < 100)
    attacks.push(() => ask(spoiled(attacks.length * 13), { 'content-type': 'application/octet-stream' }));
  console.log(`${attacks.length} hostile bodies`);
  for (const [i, attack] of attacks.entries()) {
    const outcome = await attack().catch((error) => error);
    const { status } = outcome;
    // A picture with some bytes changed may still be a picture.
    const fine = status === undefined || status === 200 || (status >= 400 && status < 500) || status === 503;
    assert.ok(fine, `attack ${i}: ${status} ${typeof outcome.text === 'function' ? await outcome.text() : ''}`);
    assert.equal(service.exitCode, null, `attack ${i} ended the service`);
  }
  const health = await (await fetch(`${address}/healthz`)).json();
  assert.equal(health.status, 'ok');
}

/** Sends bytes that are no request, and waits for the connection's end. */
async function raw(text) {
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text, 'latin1');
  const gone = once(socket, 'close');
  socket.resume();
  await Promise.race([gone, wait(1000)]);
  socket.destroy();
  return {};
}

/** Promises a picture, sends its beginning, and goes away. */
async function leaves(bytes) {
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nContent-Length: ${image.length}\r\n\r\n`,
  );
  socket.write(image.subarray(0, bytes));
  await wait(50);
  socket.destroy();
  return {};
}
