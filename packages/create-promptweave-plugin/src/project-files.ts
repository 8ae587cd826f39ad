import { manifestOf } from './manifest.js';
import type { Project } from './project.js';
import { templateFiles } from './templates.js';

/** The files of a project: text by path, relative to its folder. */
export function projectFiles(project: Project, extra: object = {}): Map<string, string> {
  const placeholders: Readonly<Record<string, string>> = {
    PACKAGE_NAME: project.name,
    PLUGIN_NAME: project.plugin,
    AUTHOR: project.author,
    YEAR: String(new Date().getFullYear()),
  };
  const fill = (text: string) =>
    text.replace(/\b(PACKAGE_NAME|PLUGIN_NAME|AUTHOR|YEAR)\b/g, (name) => placeholders[name]!);
  const files = new Map([...templateFiles(project.kind)].map(([path, text]) => [path, fill(text)]));
  return files.set('package.json', `${JSON.stringify({ ...manifestOf(project), ...extra }, undefined, 2)}\n`);
}
