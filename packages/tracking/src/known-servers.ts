import { mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { isSameAddress, normal } from './address.js';

/** Addresses that are kept; older ones give way. */
const MOST = 100;

const fileSchema = z.object({ format: z.literal(1), servers: z.array(z.string()) });

/** The user's own list of tracking servers: `XDG_STATE_HOME/promptweave/mlflow-servers.json`, or below `~/.local/state`. */
export function knownServersFile(): string {
  const base = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(base, 'promptweave', 'mlflow-servers.json');
}

/** Whether a command of this user has named a server before. */
export function isKnownServer(uri: string): boolean {
  return servers().some((known) => isSameAddress(known, uri));
}

/** Notes that a command of this user named a server. Where the list cannot be written, the next command asks for the address. */
export function rememberServer(uri: string): void {
  if (isKnownServer(uri)) return;
  const kept = [...servers(), normal(uri)].slice(-MOST);
  try {
    mkdirSync(dirname(knownServersFile()), { recursive: true, mode: 0o700 });
    writeFileAtomic.sync(knownServersFile(), `${JSON.stringify({ format: 1, servers: kept }, undefined, 2)}\n`);
  } catch {
    // A home that cannot be written to, as on a node of a cluster.
  }
}

function servers(): readonly string[] {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(knownServersFile(), 'utf8'))).servers;
  } catch {
    return [];
  }
}
