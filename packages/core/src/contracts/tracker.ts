import type { Environment } from './environment.js';

/** A run begins, or goes on. */
export interface RunStart {
  /** Comes first. A run that goes on starts again, with the same id. */
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
  readonly parent?: {
    /** Identity of the sweep, as that of a run. */
    readonly id: string;
    /** What people call the sweep. */
    readonly name: string;
  };
  /** The resolved configuration, or what else describes the run. */
  readonly configuration: object;
  /** What people know the run by besides its configuration, such as its row in a sweep's table. */
  readonly params?: Readonly<Record<string, string>>;
  /** The command that it belongs to, without paths. */
  readonly source?: string;
  /** The programs and the machine; they may be others each time a run goes on. */
  readonly environment: Environment;
  /** Labels by name, e.g. the cell of a sweep as `promptweave.cell`. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Images that a run was computed from. */
export interface RunDataset {
  /** As in `Dataset.name`. */
  readonly name: string;
  /** SHA-256 over ids and labels of the images that were used. */
  readonly digest: string;
  /** The section `dataset` of the configuration. */
  readonly options: object;
}

/** Values after a step; any number, NaN and the infinities included. The tracker adds the time. */
export interface RunMetrics {
  /** Between start and end, any number of times. */
  readonly type: 'metrics';
  /** Optimiser steps behind. A run that goes on may tell of a step again, which is then recorded once. */
  readonly step: number;
  /** By name, e.g. `train/loss` or `test/accuracy`. */
  readonly values: Readonly<Record<string, number>>;
}

/** A file of the run's folder is written, anew or for the first time; or a text is to be kept that is no file there. */
export interface RunArtifact {
  /** Again for each new version of a file. */
  readonly type: 'artifact';
  /** Relative to the run's folder, with slashes. */
  readonly path: string;
  /** The text that is to be kept under this path; without it, the file at the path is. */
  readonly content?: string;
}

/** A run ends; stopped and failed ones may go on later. */
export interface RunEnd {
  /** Comes last, unless the process dies. */
  readonly type: 'end';
  /** `stopped`: somebody interrupted it, and it can be resumed. */
  readonly status: 'finished' | 'stopped' | 'failed';
  /** Why it failed. */
  readonly error?: string;
  /** SHA-256 of the backbone's weights, and the digest of the data set. */
  readonly digests?: {
    /** SHA-256 of the weights. */
    readonly checkpoint: string;
    /** Over ids and labels of the images that were used. */
    readonly dataset: string;
  };
  /** What it was trained and tested on, as far as it is known. */
  readonly datasets?: readonly RunDataset[];
  /** What came out, in Markdown, for people who look at the run. */
  readonly summary?: string;
  /** Further ones, beside those of the start. */
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
  /** That of its plugin. */
  readonly name: string;
  /** People look at the recorded files, so pictures are drawn for it. Default false. */
  readonly showsPictures?: boolean;
  /** Takes note of an event; what it takes to deliver it is done later. */
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
