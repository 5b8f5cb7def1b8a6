import { FailureError } from '../../src/domain/failure';

/** What one file may take of the processor; a machine that is busy elsewhere does not count. */
const MAX_MS = 2_000;

/** Reads a file that is expected to be anything: it is read, or refused, and soon. */
export async function guarded(parse: () => Promise<unknown>): Promise<'read' | 'refused'> {
  const start = process.cpuUsage();
  const outcome = await outcomeOf(parse);
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1_000;
  if (ms > MAX_MS) throw new Error(`${outcome} after ${Math.round(ms)} ms`);
  return outcome;
}

/** Anything thrown that is not a refusal goes on to whoever runs the test. */
async function outcomeOf(parse: () => Promise<unknown>): Promise<'read' | 'refused'> {
  try {
    await parse();
  } catch (error) {
    if (error instanceof FailureError) return 'refused';
    throw error;
  }
  return 'read';
}
