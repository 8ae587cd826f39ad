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
  const { PluginFault } = await import('@promptweave/core/experiment');
  const { systemError } = await import('./system-error.js');
  const known = error instanceof PromptweaveError ? error : systemError(error);
  const message = withoutPasswords(known?.message ?? (error instanceof Error ? error.message : String(error)));
  const [where, remedy] = [known?.where, known?.remedy].map((text) => text && withoutPasswords(text));
  if (json) console.log(JSON.stringify({ error: { name: known?.name ?? 'bug', message, where, remedy } }));
  if (error instanceof PluginFault && error.cause instanceof Error)
    console.error(withoutPasswords(error.cause.stack ?? ''));
  if (!known) {
    console.error(error instanceof Error ? withoutPasswords(error.stack ?? message) : message);
    console.error('This is a bug in promptweave. Please report it with the lines above and the command you ran.');
    return BUG;
  }
  console.error(`${known.name}: ${message}`);
  if (where !== undefined && !message.includes(where)) console.error(`  where: ${where}`);
  if (remedy !== undefined) console.error(`  to do: ${remedy}`);
  return known.exitCode;
}

/** A text without what stands before the @ of an address: an override is shown as it was typed, also where it is refused for that. */
function withoutPasswords(text: string): string {
  return text.replaceAll(/((?:https?|ftp|s3):[\\/\s]*)[^\s"'/\\]*@/gi, '$1…@');
}
