import { availableParallelism } from 'node:os';
import { basename, dirname } from 'node:path';
import {
  createContainer,
  createExperiment,
  disposeBackbones,
  loadPluginsOf,
  readConfiguration,
  resolveConfiguration,
  sourceFromValue,
  TOKENS,
  type Configuration,
  type Experiment,
  type ForeignConfiguration,
  type Registry,
  type ResolvedConfiguration,
  type Surroundings,
} from '@promptweave/core/experiment';
import { createDataPipeline, type OwnedDataPipeline, type PipelineOptions } from '@promptweave/datasets';
import {
  availableBytes,
  cacheFolder,
  describeComputation,
  heldBytes,
  selectBackend,
  type BackendChoice,
  type BackendName,
} from '@promptweave/runtime';

/** A program that is put together for one configuration: the only place that knows all rooms. */
export interface Composition {
  readonly configuration: ResolvedConfiguration;
  readonly registry: Registry;
  /** Folder that relative paths of the configuration refer to. */
  readonly folder: string;
  readonly pipeline: OwnedDataPipeline;
  readonly backend: BackendChoice;
  /** The program's container, for experiments that others make. */
  readonly container: ReturnType<typeof createContainer>;
  /** Makes the experiment of this configuration, or of another one with the same plugins. */
  experiment(configuration?: ResolvedConfiguration, registry?: Registry): Promise<Experiment>;
  /** Frees everything. */
  close(): Promise<void>;
}

/** What is put together. */
export interface CompositionRequest {
  /** A configuration file, or a configuration from code. */
  readonly configuration: string | Configuration;
  /** `path=value` each. */
  readonly overrides?: readonly string[];
  /** Folder that relative paths refer to. Default: the file's own; of a value from code, the working directory. */
  readonly folder?: string;
  /** Where the file is not one that the user wrote or named: what it may load. */
  readonly foreign?: ForeignConfiguration;
  /** A run is used, on whichever machine: what it computed in bfloat16 is computed in float32 where that cannot be done. Default false. */
  readonly used?: boolean;
  /** Images are asked for as soon as it is put together: their thread starts while the backend is loaded. Default false. */
  readonly imagesSoon?: boolean;
  /** Told what a person should know: a slower backend than there could be, images that are skipped. Default: standard error. */
  readonly onNote?: (note: string) => void;
  /** Told of every image that is skipped. Default: as a note. */
  readonly onSkip?: PipelineOptions['onSkip'];
}

/** Reads and resolves a configuration, sets the backend, and registers the data pipeline. */
export async function compose(request: CompositionRequest): Promise<Composition> {
  const { configuration, overrides = [], foreign } = request;
  const isFile = typeof configuration === 'string';
  const source = isFile ? await readConfiguration(configuration) : sourceFromValue(configuration);
  const { folder = isFile ? dirname(configuration) : '.' } = request;
  const registry = await loadPluginsOf(source, folder, overrides, import.meta.url, foreign);
  return assemble(resolveConfiguration(source, { registry, overrides }), registry, folder, request);
}

/** Sets the backend of a configuration and registers the data pipeline. */
export async function assemble(
  wanted: ResolvedConfiguration,
  registry: Registry,
  folder: string,
  request: Pick<CompositionRequest, 'onNote' | 'onSkip' | 'used' | 'imagesSoon'> = {},
): Promise<Composition> {
  const { onNote = (note) => console.error(note), onSkip, used, imagesSoon } = request;
  const pipeline = createDataPipeline({
    workers: decodingThreads(),
    cacheMegabytes: wanted.runtime.imageCacheMegabytes,
    onSkip: onSkip ?? ((item, error) => onNote(`Skipped ${item.where ?? item.id}: ${error.message}`)),
  });
  if (imagesSoon) pipeline.begin();
  const backend = await chooseBackend(wanted.runtime, onNote, used).catch(async (error: unknown) => {
    await pipeline.close();
    throw error;
  });
  const inFloat32 = wanted.runtime.precision === 'bfloat16' && !backend.bfloat16;
  const configuration = inFloat32
    ? { ...wanted, runtime: { ...wanted.runtime, precision: 'float32' as const } }
    : wanted;
  const container = createContainer(pipeline, cacheFolder());
  container.register(TOKENS.availableBytes, { useValue: availableBytes });
  container.register(TOKENS.heldBytes, { useValue: heldBytes });
  return {
    configuration,
    registry,
    folder,
    pipeline,
    backend,
    container,
    experiment: (chosen = configuration, plugins = registry) =>
      createExperiment(chosen, { container, registry: plugins, folder }),
    close: async () => {
      await disposeBackbones(container);
      await pipeline.close();
    },
  };
}

/** What a result says about the backend. */
export function backendName({ name, tensorflowVersion, gpu, tensorFloat32, bfloat16 }: BackendChoice): string {
  return [name, tensorflowVersion, gpu?.name, tensorFloat32 ? 'TF32' : undefined, bfloat16 && 'bfloat16']
    .filter((part) => part !== undefined)
    .join(' ');
}

/** What results say about the programs and the machine. @param version of promptweave */
export function surroundingsOf(backend: BackendChoice, version: string): Surroundings {
  return {
    backend: backendName(backend),
    computation: describeComputation(backend),
    versions: { promptweave: version },
  };
}

/** Name of a configuration file without its ending. */
export function configurationName(file: string): string {
  return basename(file).replace(/\.[^.]*$/, '');
}

/**
 * The configuration's backend, or the one that the environment asks for; a slower one than there could be is announced.
 * @param used see {@link CompositionRequest.used}
 */
export async function chooseBackend(
  { backend, tf32, fast, precision }: Omit<ResolvedConfiguration['runtime'], 'imageCacheMegabytes'>,
  onNote: (note: string) => void,
  used = false,
): Promise<BackendChoice> {
  const wanted = backend === 'auto' ? (process.env.PROMPTWEAVE_BACKEND ?? 'auto') : backend;
  const choice = await selectBackend(wanted as BackendName | 'auto', {
    tensorFloat32: tf32,
    precision: !fast ? 'float32' : used && precision === 'bfloat16' ? 'possible' : precision,
  });
  if (choice.remedy) onNote(`WARNING: computing on ${choice.name}. ${choice.why}\n  to do: ${choice.remedy}`);
  const { unusedGpu, gpu } = choice;
  if (unusedGpu?.unexpected) onNote(`WARNING: computing on the CPU. ${unusedGpu.what}\n  to do: ${unusedGpu.remedy}`);
  if (precision === 'bfloat16' && choice.notBfloat16)
    onNote(`Computed in float32 and not in bfloat16, as the run was: ${choice.notBfloat16}`);
  if (choice.slower) onNote(`runtime.precision: bfloat16 is not the faster one here: ${choice.slower}`);
  if (precision === 'auto') onNote(`runtime.precision: auto takes ${takenPrecision(choice, fast)}`);
  if (tf32 && !gpu) onNote('runtime.tf32 changes nothing here: no GPU computes.');
  return choice;
}

/** Threads for images: one core decodes and resamples while another computes. */
export function decodingThreads(): number {
  if (import.meta.url.endsWith('.ts')) return 0; // threads run what is compiled, and tests run on the sources
  const cores = availableParallelism();
  return cores >= 8 ? 4 : cores >= 2 ? 2 : 0;
}

function takenPrecision({ bfloat16, notBfloat16 }: BackendChoice, fast: boolean): string {
  if (!fast) return 'float32: the plain path computes in nothing else.';
  return bfloat16 ? `bfloat16 (${bfloat16}).` : `float32: ${notBfloat16}`;
}
