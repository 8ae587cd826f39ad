import type { StudyRow } from './study.js';

/** What a row is called in pictures. */
export function rowName({ labels }: StudyRow): string {
  return labels.join(' · ') || 'all cells';
}
