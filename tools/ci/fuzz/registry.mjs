// Gives the MLflow client, the delivery of journals and the model registry the answers of damaged and hostile servers. Each must succeed, or
// end in a typed error that says something, within 10 seconds and 1 GiB, write nothing outside of its folder, and leave nothing there.
// The same seed gives the same answers.
//
//   node tools/ci/fuzz/registry.mjs [--seed N] [--inputs N] [--only INDEX]
//
// The server is in this process, what asks it in one of its own, so that one that ends or hangs is a fault of its input and no more.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MOST_MEMORY, startApart } from './apart.mjs';
import { again, chosen, conclude, isOne, seed } from './inputs.mjs';
import { wholeNumbers } from './random.mjs';
import { configuration, files, misbehaviours, startServer } from './registry-server.mjs';

const names = Object.keys(misbehaviours);

const self = fileURLToPath(import.meta.url);
const operations = ['load', 'sync', 'register', 'search'];

/** What is asked, and what happens to which of the requests. */
function input(index) {
  const random = wholeNumbers(seed * 1_000_003 + index);
  const operation = operations[index % operations.length];
  const isDamage = random(2) === 0;
  const kind = isDamage ? 'a damaged answer' : names[random(names.length)];
  const forever = kind === 'a damaged answer' && random(10) === 0;
  return { random, operation, kind, at: random(operation === 'load' || operation === 'search' ? 4 : 9), forever };
}

/** A process that asks the server what it is told to. */
async function asker() {
  const core = await import('@promptweave/core');
  const { MlflowClient, MlflowError } = await import('@promptweave/mlflow-js-client');
  const { loadRegistered, registerPrompts, syncJournal } = await import('@promptweave/tracking');
  const work = {
    load: (client, folder) => loadRegistered('models:/m@a', join(folder, 'new'), client),
    sync: (client, folder) => syncJournal(join(folder, 'run'), client, { retries: 0 }),
    register: (client, folder) => registerPrompts(join(folder, 'run'), client, { name: 'm', alias: 'a' }),
    search: async (client) => {
      for await (const run of client.runs.search({ experimentIds: ['1'] })) void run;
      for await (const metric of client.runs.metricHistory('r1', 'loss')) void metric;
      for await (const version of client.models.searchVersions()) void version;
      await client.experiments.ensure('e');
    },
  };
  process.on('message', async ({ operation, folder, uri }) => {
    const client = new MlflowClient({ trackingUri: uri, timeoutSeconds: 0.3, retries: 0 });
    const answer = await work[operation](client, folder).then(
      () => ({ succeeded: true }),
      (error) => {
        const typed = error instanceof core.PromptweaveError || error instanceof MlflowError;
        return typed ? { message: error.message } : { fault: `${error?.stack ?? error}` };
      },
    );
    client.close();
    process.send({ ...answer, memory: process.resourceUsage().maxRSS * 1024 });
  });
  process.send('ready');
}

/** What is wrong with how an input ended. */
function faultOf({ fault, message, memory, succeeded }, operation, folder) {
  if (fault !== undefined) return fault;
  if (memory > MOST_MEMORY) return `it took ${memory} bytes of memory`;
  if (
    message !== undefined &&
    (message.length < 15 || message.length > 2000 || /[<\p{Cc}\u202e]|secret/u.test(message))
  ) {
    return `its message is not one to show: ${JSON.stringify(message.slice(0, 500))}`;
  }
  const found = readdirSync(folder, { recursive: true }).sort();
  const expected = ['run', 'run/config.yaml', 'run/journal.jsonl', 'run/prompts.safetensors', 'tmp'];
  const loaded = succeeded && operation === 'load';
  const allowed = [
    ...expected,
    'run/mlflow.json',
    ...(loaded ? ['new', 'new/config.yaml', 'new/prompts.safetensors'] : []),
  ];
  const left = found.filter((path) => !allowed.includes(path) && !/^run\/mlflow\.lock[.\d]*$/.test(path));
  if (left.length > 0 || expected.some((path) => !found.includes(path))) return `it left ${left.join(', ')}`;
  const differs =
    loaded && Object.entries(files).find(([name, content]) => !readFileSync(join(folder, 'new', name)).equals(content));
  return differs ? `it loaded another ${differs[0]}` : undefined;
}

/** A finished run, as `promptweave train` leaves it. */
async function makeRun(folder) {
  const { hostTensor, writeSafetensors } = await import('@promptweave/core');
  const { recordFinishedRun } = await import('@promptweave/tracking');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), configuration);
  const learned = {
    ...{ format: 1, version: '0.1.0', classNames: ['cat', 'dog'], template: 'a {}.', folder: '.', step: 6 },
    backbone: { name: 'clip', digest: 'c1', visionWidth: 8, textWidth: 8, embedding: 4 },
    configuration: { prompt: { use: 'coop' } },
  };
  const tensors = new Map([['ctx', hostTensor(Float32Array.from([1, 2]), [1, 2])]]);
  await writeSafetensors(join(folder, 'prompts.safetensors'), tensors, { promptweave: JSON.stringify(learned) });
  await recordFinishedRun(folder, 'e');
}

async function main() {
  const place = mkdtempSync(join(tmpdir(), 'fuzz-registry-'));
  const folder = join(place, 'deep/in/here');
  const run = join(place, 'run');
  await makeRun(run);
  const before = readdirSync(place).length;
  const server = await startServer();
  let faults = 0;
  let hits = 0;
  let child;
  for (const index of chosen) {
    const given = input(index);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    cpSync(run, join(folder, 'run'), { recursive: true });
    if (!child) {
      child = startApart(self, [], { FUZZ_ASKER: '1', TMPDIR: join(folder, 'tmp') });
      await child.ready;
    }
    server.begin(given);
    const answer = await child.ask({ operation: given.operation, folder, uri: server.uri });
    if (server.reached()) hits++;
    const outside = readdirSync(place).length > before + 1 ? `it wrote into ${place}` : undefined;
    const fault = faultOf(answer, given.operation, folder) ?? outside;
    if (fault !== undefined) {
      faults++;
      console.error(`input ${index} (${given.operation}, ${given.kind} at request ${given.at}): ${fault}`);
      console.error(`  again: ${again('registry', index)}`);
    }
    if (answer.ended || answer.memory > MOST_MEMORY) {
      child.end();
      child = undefined;
    }
  }
  child?.end();
  server.end();
  rmSync(place, { recursive: true });
  if (!isOne && hits < chosen.length / 2) {
    console.error(`Only ${hits} inputs were met: they do not tell anything.`);
    process.exitCode = 1;
  }
  conclude('registry', faults);
}

await (process.env.FUZZ_ASKER ? asker() : main());
