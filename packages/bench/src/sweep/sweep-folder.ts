import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ConfigError } from '@promptweave/core';
import { readOwnText, replaceOwn } from '@promptweave/core/experiment';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { CellFolder } from './cell-folder.js';
import type { PlannedCell } from './plan.js';
import { sweepId, type SweepIdentity } from './sweep-identity.js';

/** Names within a sweep's folder. */
export const sweepFiles = { sweep: 'sweep.yaml', cells: 'cells', features: 'features' } as const;

const sweepSchema = z.object({
  format: z.literal(1),
  /** What reports call it. */
  name: z.string(),
  /** The configuration file as seen from this folder, and the overrides it was called with. */
  configuration: z.string(),
  overrides: z.array(z.string()),
  protocol: z.string(),
  retries: z.number(),
  /** Names of cells' folders, in the order of the grid. */
  cells: z.array(z.string().regex(/^[\w-]+$/)),
  /** Cells of the grid that cannot work and are not run: what they are, and why. */
  leftOut: z.array(z.object({ cell: z.string(), message: z.string() })).default([]),
});

/** What a sweep's folder says about it. */
export type SweepDescription = z.output<typeof sweepSchema>;

/** The folder of a sweep: `sweep.yaml`, and a folder for each cell. */
export class SweepFolder {
  constructor(readonly path: string) {}

  /** Writes what the sweep is and prepares its cells; cells of earlier sweeps with the same identity are taken as they are. */
  prepare(
    planned: readonly PlannedCell[],
    about: {
      readonly name: string;
      readonly file: string;
      readonly overrides: readonly string[];
      readonly retries: number;
      readonly leftOut?: SweepDescription['leftOut'];
    },
    configurationFolder: string,
  ): CellFolder[] {
    mkdirSync(join(this.path, sweepFiles.cells), { recursive: true });
    const cells = planned.map((cell) => {
      const folder = this.cell(cell.id);
      folder.prepare(cell, configurationFolder, this.identity(about.name));
      return folder;
    });
    const description: SweepDescription = {
      format: 1,
      name: about.name,
      configuration: relative(this.path, resolve(about.file)),
      overrides: [...about.overrides],
      protocol: planned[0]!.configuration.protocol.use,
      retries: about.retries,
      cells: planned.map(({ id }) => id),
      leftOut: [...(about.leftOut ?? [])],
    };
    replaceOwn(join(this.path, sweepFiles.sweep), stringify(description));
    return cells;
  }

  /** @throws ConfigError where the folder is not that of a sweep */
  describe(): SweepDescription {
    const file = join(this.path, sweepFiles.sweep);
    if (!existsSync(file)) {
      throw new ConfigError('This is not the folder of a sweep.', {
        where: this.path,
        remedy: 'Name the folder that promptweave sweep wrote: it holds a sweep.yaml.',
      });
    }
    try {
      return sweepSchema.parse(parse(readOwnText(file) ?? ''));
    } catch (cause) {
      const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
      throw new ConfigError(`What the sweep was planned as is damaged: ${problem}`, {
        where: file,
        cause,
        remedy: 'Run the sweep again: it writes this file anew and keeps its cells.',
      });
    }
  }

  /** The sweep as trackers know it. */
  identity(name = this.describe().name): SweepIdentity {
    return { id: sweepId(this.path), name };
  }

  cell(id: string): CellFolder {
    return new CellFolder(join(this.path, sweepFiles.cells, id));
  }

  /** The cells of the last sweep, in its order. */
  cells(): CellFolder[] {
    return this.describe().cells.map((id) => this.cell(id));
  }

  /** Finished cells of all sweeps on the folder. */
  finished(): number {
    return readdirSync(join(this.path, sweepFiles.cells)).filter((id) => this.cell(id).outcome()).length;
  }

  /** Where image features that cells share are kept. */
  get features(): string {
    return join(this.path, sweepFiles.features);
  }
}
