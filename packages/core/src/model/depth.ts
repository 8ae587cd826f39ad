import { ConfigError } from '../errors.js';

/**
 * Checks a prompt depth against the number of blocks of a tower.
 * @throws ConfigError where prompts would have to enter a block that the tower does not have.
 */
export function checkDepth(depth: number, layers: number, option: string): void {
  if (depth <= layers) return;
  throw new ConfigError(`A prompt depth of ${depth} needs ${depth} blocks, but the tower has ${layers}.`, {
    where: option,
    remedy: `Set ${option} to at most ${layers}.`,
    change: `${option}=${layers}`,
  });
}
