import { choose, type Wishes } from './choose.js';
import { Fault } from './fault.js';
import { projectFiles } from './project-files.js';

/** What the generator needs of Nx's tree of files. */
export interface Tree {
  exists(path: string): boolean;
  write(path: string, text: string): void;
}

/** Options of `nx g create-promptweave-plugin:plugin`, see schema.json. */
export interface PluginGeneratorOptions extends Omit<Wishes, 'target'> {
  /** From the workspace's root. */
  readonly folder: string;
  /** Comma-separated tags of the Nx project. */
  readonly tags?: string;
}

/** The same package as `npm create promptweave-plugin` makes, within an Nx workspace. */
export function pluginGenerator(tree: Tree, { folder, tags, ...wishes }: PluginGeneratorOptions): () => void {
  const project = choose({ ...wishes, target: folder });
  if (tree.exists(project.folder)) {
    throw new Fault(
      `The folder ${project.folder} is there already, and nothing is overwritten.`,
      'Name another folder.',
    );
  }
  const nx = tags ? { nx: { tags: tags.split(',') } } : {};
  for (const [path, text] of projectFiles(project, nx)) tree.write(`${project.folder}/${path}`, text);
  return () => console.log(`Next: npm install, then npm test in ${project.folder}`);
}
