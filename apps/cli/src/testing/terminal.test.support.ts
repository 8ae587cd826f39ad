import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../../bin/promptweave.js', import.meta.url));

/** Starts a command on a pseudo terminal, and types each text when what stands before it has been shown. Prints all that was shown. */
const DRIVER = `
import fcntl, json, os, pty, struct, sys, termios
steps, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
shown, seen = b"", 0
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:  # Linux says so where the other end is closed
        piece = b""
    if not piece:
        break
    shown += piece
    while steps and steps[0][0].encode() in shown[seen:]:
        seen = len(shown)
        os.write(terminal, steps.pop(0)[1].encode())
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(shown)
sys.exit(status)
`;

/** What a person does: waits for a text, and types. */
export type Step = readonly [shown: string, typed: string];

export const keys = { enter: '\r', down: '\x1b[B', interrupt: '\x03' } as const;

/**
 * Runs a command as a person at a terminal does; needs Python 3.
 * @returns what was shown, without colours and movements, and the exit code
 */
export async function atTerminal(
  words: readonly string[],
  steps: readonly Step[],
  cwd: string,
): Promise<{ readonly code: number | null; readonly shown: string }> {
  const child = spawn('python3', ['-c', DRIVER, JSON.stringify(steps), process.execPath, command, ...words], {
    cwd,
    env: { ...process.env, CI: '', TERM: 'xterm', HOME: cwd },
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (out += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, shown: out.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, '') };
}
