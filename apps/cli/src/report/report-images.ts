import { dirname, join } from 'node:path';
import { imagesOf, type RunThumbnails, type StudiedCell, type ThumbnailReader } from '@promptweave/bench';
import { PromptweaveError, type DataPipeline, type Dataset, type ImageItem } from '@promptweave/core';
import {
  canonicalJson,
  InvalidConfigurationError,
  loadPluginsOf,
  PluginError,
  readConfiguration,
  resolveConfiguration,
  runFiles,
  type Registry,
} from '@promptweave/core/experiment';
import { createDataPipeline, thumbnail } from '@promptweave/datasets';

/** Side of the small pictures in pixels; twice what the page shows, for fine screens. */
const SIDE = 144;

/** An image that can be read. */
interface Found {
  readonly item: ImageItem;
  readonly policy: Dataset['imagePolicy'];
}

/**
 * Reads small pictures of the test images of cells, from the data sets that their configurations name. Where those need a plugin that may not
 * be loaded there are none, which is said.
 *
 * @param allowed modules that the configurations may load
 */
export function thumbnailReader(allowed: readonly string[]): ThumbnailReader {
  return async (wanted) => {
    const pipeline = createDataPipeline({ workers: 0 });
    const known = new Map<string, Promise<Map<string, Found>>>();
    const pictures = new Map<Found, Promise<string>>();
    const problems = new Set<string>();
    try {
      const imagesOfCell = async (cell: StudiedCell): Promise<Map<string, Found>> => {
        const { folder } = cell;
        const { configurationFolder } = folder.describe();
        const run = { path: folder.path, configurationFolder, place: dirname(dirname(folder.path)) };
        const found = known.get(cell.id) ?? itemsOf(run, { pipeline, known, allowed, problems });
        known.set(cell.id, found);
        return found;
      };
      const asked: (string | undefined)[] = [];
      for (const { cell, set, id } of wanted) {
        const image = (await imagesOfCell(cell)).get(keyOf(set, id));
        if (image && !pictures.has(image)) pictures.set(image, pictureOf(image));
        asked.push(image && (await pictures.get(image)));
      }
      for (const problem of problems) console.error(`The report has no pictures of images: ${problem}`);
      return asked;
    } finally {
      await pipeline.close();
    }
  };
}

interface Reading {
  readonly pipeline: DataPipeline;
  readonly known: Map<string, Promise<Map<string, Found>>>;
  readonly allowed: readonly string[];
  readonly problems: Set<string>;
}

/** The folder of a run, and what its configuration refers to. */
export interface RunPlace {
  readonly path: string;
  /** Folder that relative paths of its configuration refer to. */
  readonly configurationFolder: string;
  /** From which no plugin is loaded unless it is allowed. */
  readonly place: string;
}

/** Reads small pictures of the images that one run was tested on. */
export function runThumbnails(run: RunPlace, allowed: readonly string[]): RunThumbnails {
  return async (wanted) => {
    const pipeline = createDataPipeline({ workers: 0 });
    const problems = new Set<string>();
    try {
      const items = await itemsOf(run, { pipeline, known: new Map(), allowed, problems });
      const found: (string | undefined)[] = [];
      for (const { set, id } of wanted) {
        const image = items.get(keyOf(set, id));
        found.push(image && (await pictureOf(image)));
      }
      return found;
    } catch (error) {
      if (!(error instanceof PromptweaveError)) throw error;
      problems.add(error.message); // the data may be gone, and the report is good without them
      return wanted.map(() => undefined);
    } finally {
      for (const problem of problems) console.error(`The report has no pictures of images: ${problem}`);
      await pipeline.close();
    }
  };
}

/** All images of a run's evaluation sets. Runs with the same images share them. */
async function itemsOf(
  { path, configurationFolder, place }: RunPlace,
  { pipeline, known, allowed, problems }: Reading,
): Promise<Map<string, Found>> {
  const source = await readConfiguration(join(path, runFiles.configuration));
  const foreign = { allowed, place };
  let registry: Registry;
  try {
    registry = await loadPluginsOf(source, configurationFolder, [], import.meta.url, foreign);
  } catch (error) {
    if (!(error instanceof InvalidConfigurationError && error.cause instanceof PluginError)) throw error;
    problems.add(`${error.message} ${error.remedy ?? ''}`.trim());
    return new Map();
  }
  const configuration = resolveConfiguration(source, { registry });
  const { dataset, protocol } = configuration;
  const key = canonicalJson({ dataset, protocol, configurationFolder });
  const read = async (): Promise<Map<string, Found>> => {
    const sets = await imagesOf({ configuration, registry, pipeline, folder: configurationFolder });
    return new Map(
      sets.flatMap(({ name, dataset: { imagePolicy, ...splits }, split }) =>
        splits[split].map((item) => [keyOf(name, item.id), { item, policy: imagePolicy }] as const),
      ),
    );
  };
  const found = known.get(key) ?? read();
  known.set(key, found);
  return found;
}

/** Evaluations before and after a second training have the same images. */
function keyOf(set: string, id: string): string {
  return `${set.replace(/^(before|after)\//, '')}\n${id}`;
}

async function pictureOf({ item, policy }: Found): Promise<string> {
  const file = await thumbnail(await item.load(), policy, SIDE, item.id);
  return `data:image/webp;base64,${file.toString('base64')}`;
}
