/** One thing the installer is doing; `fraction` runs from 0 to 1 where it is known. */
export interface InstallProgress {
  readonly step: 'wait' | 'download' | 'extract' | 'compile' | 'check' | 'done';
  readonly message: string;
  readonly fraction?: number;
}

export type OnProgress = (progress: InstallProgress) => void;
