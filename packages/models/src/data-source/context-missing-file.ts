import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { contextMissingChannel, type ContextMissing } from './context-missing.ts';

/**
 * The call sites without a context, kept beside the config for `switchyard status`: a service knows
 * its own in memory only, and the command line is another process. One JSON object a line, so that
 * several processes may append to one file.
 */
export class ContextMissingFile {
  readonly #file: URL;

  constructor(file: URL) {
    this.#file = file;
  }

  /**
   * Appends the reports of this process from now on, each call site once for the file. For a
   * service, before its first query. A file that cannot be written is a process warning: the service
   * goes on. Returns the function that ends it.
   */
  listen(): () => void {
    const known = new Set(this.read().map(({ callSite }) => callSite));
    const append = (message: unknown) => {
      const report = message as ContextMissing;
      if (known.has(report.callSite)) return;
      known.add(report.callSite);
      this.#append(report);
    };
    contextMissingChannel.subscribe(append);
    return () => void contextMissingChannel.unsubscribe(append);
  }

  /** The reports, oldest first, each call site once. Empty where there is no file. */
  read(): readonly ContextMissing[] {
    if (!existsSync(this.#file)) return [];
    const bySite = new Map<string, ContextMissing>();
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      const report = reportIn(line);
      if (report !== undefined && !bySite.has(report.callSite)) bySite.set(report.callSite, report);
    }
    return [...bySite.values()];
  }

  #append(report: ContextMissing): void {
    try {
      appendFileSync(this.#file, `${JSON.stringify(report)}\n`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      process.emitWarning(`a call site without a context could not be kept: ${reason}`);
    }
  }
}

/** Undefined for a line that a killed process left unfinished. */
function reportIn(line: string): ContextMissing | undefined {
  try {
    const read: unknown = JSON.parse(line);
    return isReport(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

function isReport(value: unknown): value is ContextMissing {
  return typeof value === 'object' && value !== null && 'callSite' in value && 'stack' in value;
}
