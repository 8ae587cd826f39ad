/** Exit code of an error that is nobody's but ours. */
const BUG = 70;

/**
 * Prints an error: what, where and what to do; with a stack where it is a bug.
 *
 * @param json also prints it as JSON on standard output
 * @returns the exit code
 */
export async function reportError(error: unknown, json: boolean): Promise<number> {
  const { PromptweaveError } = await import('@promptweave/core');
  const known = error instanceof PromptweaveError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const { name, where, remedy } = known ?? { name: 'bug', where: undefined, remedy: undefined };
    console.log(JSON.stringify({ error: { name, message, where, remedy } }));
  }
  if (!known) {
    console.error(error instanceof Error ? (error.stack ?? message) : message);
    console.error('This is a bug in promptweave. Please report it with the lines above and the command you ran.');
    return BUG;
  }
  console.error(`${known.name}: ${message}`);
  if (known.where !== undefined && !message.includes(known.where)) console.error(`  where: ${known.where}`);
  if (known.remedy !== undefined) console.error(`  to do: ${known.remedy}`);
  return known.exitCode;
}
