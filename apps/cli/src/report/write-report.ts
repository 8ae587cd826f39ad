import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PICTURES, standaloneSvg, studyReport, type Picture, type ReportOptions, type Study } from '@promptweave/bench';
import { allowedPlugins } from '../composition/allowed-plugins.js';
import { requirePaperPackages } from './paper-packages.js';
import { thumbnailReader } from './report-images.js';
import { writeAnew } from './write-anew.js';

/** Names of the files of a report, in the sweep's folder. */
export const reportFiles = { html: 'report.html', markdown: 'report.md' } as const;

/** What a report consists of besides its page, and with what rows are compared. */
export interface ReportRequest extends Pick<ReportOptions, 'baseline'> {
  /** Folders for every picture as a file. */
  readonly svg?: string;
  readonly png?: string;
  /** Folder for every picture as SVG, PDF and PNG, for a paper. */
  readonly figures?: string;
  /** Their looks. Default: paper. */
  readonly style?: 'paper' | 'page';
  /** Modules of `--plugin`, which the sweep's configurations may load. */
  readonly plugins?: readonly string[];
}

/**
 * Writes the HTML page of a study, the Markdown file and its pictures, and says where.
 * @returns the page's path
 * @throws ConfigError where figures are asked for, and the packages that draw them are not installed
 */
export async function writeReport(study: Study, folder: string, request: ReportRequest = {}): Promise<string> {
  const { baseline, svg, png, figures, style = 'paper', plugins } = request;
  if (figures !== undefined) requirePaperPackages();
  const thumbnails = thumbnailReader(allowedPlugins(plugins));
  const { html, markdown, pictures } = await studyReport(study, { baseline, thumbnails });
  const page = join(folder, reportFiles.html);
  await writeAnew(page, html);
  await writeAnew(join(folder, reportFiles.markdown), markdown);
  await writePictures(pictures, join(folder, PICTURES), 'svg');
  console.error(`Report: ${page}`);
  if (svg !== undefined) await writePictures(pictures, svg, 'svg');
  if (png !== undefined) await writePictures(pictures, png, 'png');
  if (figures !== undefined) await (await import('./write-figures.js')).writeFigures(pictures, figures, style);
  const written = [...new Set([svg, png, figures])].filter((path) => path !== undefined);
  if (written.length > 0) console.error(`Pictures: ${written.join(', ')}`);
  return page;
}

async function writePictures(pictures: readonly Picture[], folder: string, format: 'svg' | 'png'): Promise<void> {
  await mkdir(folder, { recursive: true });
  const drawn = format === 'svg' ? standaloneSvg : (await import('./picture-png.js')).pngOf;
  for (const picture of pictures) {
    const content = drawn(picture);
    await writeAnew(join(folder, `${picture.name}.${format}`), content);
  }
}

/** The pictures that the Markdown file shows, relative to the sweep's folder; none where nothing was reported. */
export function pictureFiles(folder: string): string[] {
  const path = join(folder, PICTURES);
  return existsSync(path) ? readdirSync(path).map((file) => `${PICTURES}/${file}`) : [];
}
