import { once } from 'node:events';
import { open } from 'node:fs/promises';

/** Where answers go, one piece after the other. */
export interface Output {
  write(text: string): Promise<void>;
  /** Writes what comes last. */
  end(tail: string): Promise<void>;
}

/** Standard output, or a file. @throws what the system says, with the path of the file */
export async function outputTo(path: string | undefined): Promise<Output> {
  if (path === undefined) {
    const write = async (text: string): Promise<void> => {
      if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
    };
    return { write, end: write };
  }
  const file = await open(path, 'w');
  const named = async (work: Promise<void>): Promise<void> => {
    await work.catch((error: Error) => {
      throw Object.assign(error, { path });
    });
  };
  return {
    write: (text) => named(file.writeFile(text)),
    end: (tail) => named(file.writeFile(tail).finally(() => file.close())),
  };
}
