import { join } from 'node:path';
import { studyReport, type Study } from '@promptweave/bench';
import { writeFile } from 'node:fs/promises';

/** Names of the files of a report, in the sweep's folder. */
export const reportFiles = { html: 'report.html', markdown: 'report.md' } as const;

/** Writes the HTML page and the Markdown file of a study, and says where. */
export async function writeReport(study: Study, folder: string): Promise<void> {
  const { html, markdown } = await studyReport(study);
  await writeFile(join(folder, reportFiles.html), html);
  await writeFile(join(folder, reportFiles.markdown), markdown);
  console.error(`Report: ${join(folder, reportFiles.html)}`);
}
