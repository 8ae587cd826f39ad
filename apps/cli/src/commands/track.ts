import type { Command } from 'commander';

interface SyncFlags {
  readonly uri?: string;
  readonly json?: boolean;
}

/** `promptweave track sync DIR`: delivers to MLflow what was recorded and is not there yet. */
export function register(program: Command): void {
  const track = program
    .command('track')
    .summary('deliver recorded runs to MLflow')
    .description('Delivers runs to an MLflow server.');
  track
    .command('sync')
    .summary('deliver what is left')
    .description(
      'Delivers what the journals in and below a folder hold and the MLflow server does not have: of runs that ended, or\n' +
        'died, while it could not be reached. Nothing is sent twice. Exits with 1 when something could not be delivered.',
    )
    .argument('<folder>', "a run's folder, or one with many of them")
    .option(
      '--uri <address>',
      'the tracking server (default: MLFLOW_TRACKING_URI, or that of the run if you named it before)',
    )
    .option('--json', 'print the outcome of every run as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ MLFLOW_TRACKING_URI=http://127.0.0.1:5000 promptweave track sync runs/photos\n' +
        '  $ promptweave track sync runs --uri https://mlflow.example.org --json',
    )
    .action(async (folder: string, flags: SyncFlags) => {
      const { connectFor, foldersWithJournals, JOURNAL, syncJournal, TrackingError } =
        await import('@promptweave/tracking');
      const { ConfigError } = await import('@promptweave/core');
      const folders = await foldersWithJournals(folder);
      if (folders.length === 0) {
        throw new TrackingError(
          `There is no ${JOURNAL} in or below the folder: nothing was recorded for MLflow there.`,
          {
            where: folder,
            remedy: 'Name the folder of a run or a sweep that was tracked.',
          },
        );
      }
      const outcomes: object[] = [];
      for (const run of folders) {
        try {
          const client = await connectFor(run, flags.uri);
          const delivered = await syncJournal(run, client).finally(() => client.close());
          const { entries, runId, refused, waiting, notes } = delivered;
          outcomes.push({ folder: run, server: client.trackingUri, entries, runId, refused, waiting, notes });
          const missing = refused.length + waiting.length;
          if (missing > 0) process.exitCode ??= 1;
          if (flags.json) continue;
          const left = missing === 0 ? 'are on the server' : `were sent, of which ${missing} are not on the server`;
          console.log(`${missing === 0 ? '✓' : '✗'} ${run}: ${entries} entries ${left} (run ${runId})`);
          for (const note of notes) console.log(`    ${note}`);
          for (const problem of refused) console.log(`    for good: ${problem}`);
          for (const problem of waiting) console.log(`    for now: ${problem} The next sync tries again.`);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          outcomes.push({ folder: run, error: message });
          if (!flags.json) console.log(`✗ ${run}: ${message}`);
          process.exitCode ??= 1;
          if (!(error instanceof ConfigError)) continue;
          if (!flags.json && error.remedy !== undefined) console.log(`    to do: ${error.remedy}`);
          process.exitCode = error.exitCode;
        }
      }
      if (flags.json) console.log(JSON.stringify({ runs: outcomes }));
    });
}
