import { pathToFileURL } from 'node:url';

/** Imports a config or migration file, TypeScript with decorators included. */
export async function importFile(path: string): Promise<unknown> {
  const isTypeScript = /\.[cm]?ts$/.test(path);
  if (!isTypeScript || runsTypeScript()) return import(pathToFileURL(path).href);
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url).import(path);
}

/** Under tsx, as in this repository, this file itself is TypeScript. */
function runsTypeScript(): boolean {
  return import.meta.url.endsWith('.ts');
}
