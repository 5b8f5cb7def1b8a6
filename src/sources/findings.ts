/** What preflight notices, gathered in the order of its weight. */
import { FailureError, type Failure } from '../domain/failure.ts';
import type { Finding, FindingFields, Severity } from '../domain/preflight.ts';

const ORDER: readonly Severity[] = ['stop', 'warn', 'note'];

export class Findings {
  readonly #all: Finding[] = [];

  add(severity: Severity, fields: FindingFields): void {
    this.#all.push({ severity, ...fields });
  }

  /** What a part of Patio refuses becomes a finding; what the way there refuses ends the preflight. */
  async attempt<T>(work: () => T | Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FailureError) || isOfTheWay(error.failure)) throw error;
      const { failure } = error;
      // Several parts may stumble over the same file; it is told once.
      const known = this.#all.some(
        (finding) =>
          finding.code === 'refused' && JSON.stringify(finding.failure) === JSON.stringify(failure),
      );
      if (!known) this.add('stop', { code: 'refused', failure });
      return null;
    }
  }

  sorted(): Finding[] {
    return [...this.#all].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  }
}

/** Network, zip and disk: nothing about the model. */
function isOfTheWay({ code }: Failure): boolean {
  return code.startsWith('hub-') || code.startsWith('zip-') || code === 'source-changed';
}
