import type { Environment } from './environment.js';

/** A run begins, or goes on. */
export interface RunStart {
  readonly type: 'start';
  /**
   * Identity of the run: the same run has the same one, wherever and however often it is recorded. A cell of a sweep has
   * that of its configuration within the sweep. Without one, the run is that of its folder.
   */
  readonly id?: string;
  /** What people call it. */
  readonly name: string;
  /** What it is compared with: runs of one experiment lie together. */
  readonly experiment: string;
  /** The sweep that the run belongs to. */
  readonly parent?: { readonly id: string; readonly name: string };
  /** The resolved configuration, or what else describes the run. */
  readonly configuration: object;
  /** What people know the run by besides its configuration, such as its row in a sweep's table. */
  readonly params?: Readonly<Record<string, string>>;
  /** The command that it belongs to, without paths. */
  readonly source?: string;
  readonly environment: Environment;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Images that a run was computed from. */
export interface RunDataset {
  readonly name: string;
  /** SHA-256 over ids and labels of the images that were used. */
  readonly digest: string;
  /** The section `dataset` of the configuration. */
  readonly options: object;
}

/** Values after a step; any number, NaN and the infinities included. The tracker adds the time. */
export interface RunMetrics {
  readonly type: 'metrics';
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A file of the run's folder is written, anew or for the first time; or a text is to be kept that is no file there. */
export interface RunArtifact {
  readonly type: 'artifact';
  /** Relative to the run's folder, with slashes. */
  readonly path: string;
  readonly content?: string;
}

/** A run ends; stopped and failed ones may go on later. */
export interface RunEnd {
  readonly type: 'end';
  readonly status: 'finished' | 'stopped' | 'failed';
  /** Why it failed. */
  readonly error?: string;
  /** SHA-256 of the backbone's weights, and the digest of the data set. */
  readonly digests?: { readonly checkpoint: string; readonly dataset: string };
  readonly datasets?: readonly RunDataset[];
  /** What came out, in Markdown, for people who look at the run. */
  readonly summary?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** What happens in a run. */
export type RunEvent = RunStart | RunMetrics | RunArtifact | RunEnd;

/**
 * Records a run somewhere besides its folder, which always has everything (`runFiles`). `trackRun` tells it what happens.
 *
 * A tracker is a guest: `record` returns at once and never throws, and nothing that happens to it changes the run.
 */
export interface Tracker {
  readonly name: string;
  /** People look at the recorded files, so pictures are drawn for it. Default false. */
  readonly showsPictures?: boolean;
  record(event: RunEvent): void;
  /**
   * Ends the recording; call it once, at the end. Nothing is recorded after it. Never rejects.
   *
   * @param deadline until it is raised, what is left is delivered, however often that takes. Without one, it returns within seconds.
   * @returns what could not be recorded or is still to be delivered, each as a sentence; nothing where all is well
   */
  close(deadline?: AbortSignal): Promise<readonly string[]>;
}

/** What a tracker is made for. */
export interface TrackerContext {
  /** Folder of the run. */
  readonly folder: string;
  /** Folder of the sweep that the run belongs to, for advice to people. */
  readonly sweepFolder?: string;
  /** Told once of each thing that goes wrong, as a sentence. */
  readonly onProblem?: (problem: string) => void;
}
