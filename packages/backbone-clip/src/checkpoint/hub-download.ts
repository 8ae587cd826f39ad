import type { downloadFileToCacheDir } from '@huggingface/hub';

type Request = Parameters<typeof downloadFileToCacheDir>[0];

let running = 0;
let debug = console.debug;

/**
 * Gets a file into the hub's usual cache, or finds it there. The client tells on standard output what it downloads, where nothing but
 * a command's own output belongs; that is left out.
 *
 * @returns the file's path
 * @throws HubApiError, or whatever the client throws
 */
export async function hubDownload(request: Request): Promise<string> {
  const { downloadFileToCacheDir: download } = await import('@huggingface/hub');
  if (running++ === 0) {
    debug = console.debug;
    console.debug = () => undefined;
  }
  try {
    return await download(request);
  } finally {
    if (--running === 0) console.debug = debug;
  }
}
