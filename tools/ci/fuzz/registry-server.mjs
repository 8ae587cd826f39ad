import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const prompts = Buffer.from('these are learned prompts'.repeat(100));
export const configuration = Buffer.from('prompt:\n  use: coop\n');
const sha = (content) => createHash('sha256').update(content).digest('hex');
/** Of the registered model. */
export const files = { 'config.yaml': configuration, 'prompts.safetensors': prompts };

/** What a server answers that is as it should be. */
function properAnswer(path, query) {
  const run = {
    info: {
      ...{ run_id: 'r1', experiment_id: '1', status: 'RUNNING', start_time: 1, run_name: 'a' },
      ...{ lifecycle_stage: 'active', artifact_uri: 'mlflow-artifacts:/1/r1/artifacts' },
    },
    data: { metrics: [{ key: 'loss', value: 1, timestamp: 1, step: 1 }], params: [], tags: [{ key: 'a', value: 'b' }] },
  };
  const digests = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sha(content)]));
  const tags = [
    { key: 'promptweave.learned', value: sha(prompts) },
    { key: 'promptweave.files', value: JSON.stringify(digests) },
  ];
  const version = { name: 'm', version: '1', source: 'mlflow-artifacts:/m', status: 'READY', tags, aliases: ['a'] };
  if (path.startsWith('/api/2.0/mlflow-artifacts/artifacts')) {
    const file = files[path.split('/artifacts/m/')[1]];
    if (file) return file;
    if (query.has('path')) return { files: Object.keys(files).map((name) => ({ path: name, is_dir: false })) };
    return {};
  }
  const answers = {
    'experiments/get-by-name': { experiment: { experiment_id: '1', name: 'e', lifecycle_stage: 'active' } },
    'runs/create': { run },
    'runs/get': { run },
    'runs/search': { runs: [] },
    'metrics/get-history': { metrics: run.data.metrics },
    'registered-models/alias': { model_version: version },
    'registered-models/create': { registered_model: { name: 'm' } },
    'model-versions/get': { model_version: version },
    'model-versions/get-download-uri': { artifact_uri: 'mlflow-artifacts:/m' },
    'model-versions/search': { model_versions: [] },
    'model-versions/create': { model_version: version },
  };
  return answers[path.replace('/api/2.0/mlflow/', '')] ?? {};
}

const strange = [
  ...[
    null,
    true,
    -1,
    1e308,
    [],
    {},
    [null],
    [[]],
    [{}],
    '',
    ' ',
    'x',
    'x'.repeat(100_000),
    '\u0000',
    '\ud800',
    '\u001b[2J',
  ],
  ...[
    '../../../../escaped',
    '/escaped',
    '..\\escaped',
    'a/../../escaped',
    '%2e%2e/escaped',
    '::::',
    's3://b/x',
    'javascript:1',
  ],
  ...[
    'mlflow-artifacts:/../../x',
    'mlflow-artifacts:/%zz',
    'file:///etc',
    'file://host/x',
    'file:///proc/self',
    '{"../x":"00"}',
  ],
  ...['__proto__', 'constructor', 'NaN', '9'.repeat(400), '2-novel/prompts.safetensors', '<html><h1>x</h1></html>'],
];

/** Replaces, adds or takes away one value somewhere in an answer. */
function damaged(value, random) {
  const copy = structuredClone(value);
  const places = [];
  const visit = (node) => {
    for (const key of Object.keys(node)) {
      places.push([node, key]);
      if (typeof node[key] === 'object' && node[key] !== null) visit(node[key]);
    }
  };
  visit(copy);
  if (places.length === 0) return { [String(strange[random(strange.length)])]: strange[random(strange.length)] };
  const [node, key] = places[random(places.length)];
  const kind = random(8);
  if (kind === 0) delete node[key];
  else if (kind === 1 && Array.isArray(node)) for (let i = 0; i < 1000; i++) node.push(structuredClone(node[0]));
  else node[key] = strange[random(strange.length)];
  return copy;
}

/** Writes again and again until the other side has enough. */
function endlessly(response, block, every = 0) {
  const write = () => {
    if (response.destroyed || response.writableEnded) return;
    if (every > 0) {
      response.write(block);
      setTimeout(write, every);
    } else if (response.write(block)) setImmediate(write);
    else response.once('drain', write);
  };
  write();
}

const page = '<html><head><title>Welcome</title></head><body><h1>Log in</h1></body></html>';
/** Ways to answer that have little to do with what was asked. */
export const misbehaviours = {
  nothing: (response) => response.end(),
  'a web page': (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(page),
  'half an answer': (response, text) => response.end(text.slice(0, text.length / 2)),
  bytes: (response, _text, random) => response.end(Buffer.from(Array.from({ length: 500 }, () => random(256)))),
  'brackets in each other': (response) => response.end('['.repeat(200_000)),
  'objects in each other': (response) => response.end(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`),
  'many objects': (response) => response.end(`{"files":[${'{},'.repeat(1_000_000)}{}]}`),
  'a body without an end': (response) => endlessly(response, Buffer.alloc(1 << 18, 'x')),
  'JSON without an end': (response) => response.write('{"files":[') && endlessly(response, '{},'.repeat(50_000)),
  'a body that drips': (response) => endlessly(response, ' ', 50),
  silence: () => undefined,
  'half an answer and silence': (response, text) => {
    response.writeHead(200, { 'Content-Length': String(Buffer.byteLength(text) + 100) });
    response.write(text);
  },
  'a length that is too small': (response, text) => {
    response.socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n${text}`);
  },
  'a length without measure': (response) => {
    response.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\n{');
  },
  'a broken connection': (response) => response.socket.resetAndDestroy(),
  'no HTTP': (response) => response.socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
  'headers without an end': (response) => {
    const { socket } = response;
    socket.write('HTTP/1.1 200 OK\r\n');
    endlessly(socket, 'a: b\r\n'.repeat(500));
  },
  'headers that drip': (response) => {
    response.socket.write('HTTP/1.1 200 OK\r\na: ');
    endlessly(response.socket, 'a', 50);
  },
  'promises to answer': (response) => endlessly(response.socket, 'HTTP/1.1 102 Processing\r\n\r\n', 50),
  'a bomb': (response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb),
};
const bomb = gzipSync(Buffer.alloc(2 ** 26));
for (const status of [301, 302, 307, 308]) {
  for (const to of ['/', 'file:///etc/passwd', 'http://me:secret@127.0.0.1:9/', '::::', '//127.0.0.1:9', '']) {
    misbehaviours[`${status} to ${to}`] = (response) => response.writeHead(status, { Location: to }).end();
  }
}
for (const status of [201, 204, 206, 400, 401, 403, 404, 409, 413, 418, 429, 500, 501, 503, 599]) {
  misbehaviours[`${status} with a page`] = (response) =>
    response.writeHead(status, { 'Content-Type': 'text/html', 'Retry-After': '1e9' }).end(page);
  misbehaviours[`${status} of MLflow`] = (response, _text, random) => {
    const codes = [
      'INVALID_PARAMETER_VALUE',
      'RESOURCE_DOES_NOT_EXIST',
      'RESOURCE_ALREADY_EXISTS',
      'MOON\u001b',
      3,
      null,
    ];
    const message = strange[random(strange.length)];
    response.writeHead(status).end(JSON.stringify({ error_code: codes[random(codes.length)], message }));
  };
  misbehaviours[`${status} without an end`] = (response) => {
    response.writeHead(status);
    endlessly(response, Buffer.alloc(1 << 16, '<'));
  };
}
/** A server that answers as it should, but for the requests that an input says. */
export async function startServer() {
  let current;
  let asked = 0;
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    request.resume();
    request.on('end', () => {
      const url = new URL(request.url, 'http://here');
      const proper = properAnswer(decodeURI(url.pathname), url.searchParams);
      const text = Buffer.isBuffer(proper) ? String(proper) : JSON.stringify(proper);
      const hit = asked++ === current.at || (current.forever && asked > current.at);
      if (!hit) return response.end(text);
      if (current.kind !== 'a damaged answer') return misbehaviours[current.kind](response, text, current.random);
      if (Buffer.isBuffer(proper)) return response.end(`${text}more`);
      const answer = damaged(proper, current.random);
      // A list that always has another page.
      if (current.forever) Object.assign(answer, { next_page_token: String(asked) });
      response.end(JSON.stringify(answer));
    });
  });
  server.on('connection', (socket) => socket.on('error', () => undefined));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    uri: `http://127.0.0.1:${server.address().port}`,
    begin: (next) => ([current, asked] = [next, 0]),
    reached: () => asked > current.at,
    end: () => server.close() && server.closeAllConnections(),
  };
}
