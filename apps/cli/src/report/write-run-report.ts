import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { runReport, runReportFile } from '@promptweave/bench';
import { describeLearned, runFile, runFiles } from '@promptweave/core/experiment';
import { dirname } from 'node:path';
import { allowedPlugins } from '../composition/allowed-plugins.js';
import { baseFolder } from '../runs/base-folder.js';
import { runThumbnails } from './report-images.js';

/**
 * Writes the page of one run into its folder. @param plugins modules that its configuration may load
 * @returns the page's path
 * @throws ConfigError where the folder holds no finished run
 */
export async function writeRunReport(
  folder: string,
  plugins: readonly string[] = [],
  onNote: (note: string) => void = (note) => console.error(note),
): Promise<string> {
  const configuration = runFile(folder, runFiles.configuration);
  const learned = runFile(folder, runFiles.learned);
  const path = dirname(configuration);
  const configurationFolder = existsSync(learned)
    ? baseFolder(dirname(learned), await describeLearned(learned), onNote)
    : '.';
  const place = { path, configurationFolder, place: folder };
  const html = await runReport(folder, runThumbnails(place, allowedPlugins(plugins)));
  const page = runReportFile(folder);
  await rm(page, { force: true }); // in a folder from somewhere else it may be a link to a file of the user
  await writeFile(page, html, { flag: 'wx' });
  return page;
}
