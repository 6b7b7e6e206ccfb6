import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { TransformOptions } from 'jiti';
import type TypeScript from 'typescript';

/** Imports a config or migration file, TypeScript with decorators included. */
export async function importFile(path: string): Promise<unknown> {
  const isTypeScript = /\.[cm]?ts$/.test(path);
  if (!isTypeScript || runsTypeScript()) return import(pathToFileURL(path).href);
  return importTypeScript(path);
}

/** Under tsx, as in this repository, this file itself is TypeScript. */
function runsTypeScript(): boolean {
  return import.meta.url.endsWith('.ts');
}

/**
 * Imports a TypeScript file where Node itself cannot. jiti's own compiler refuses what TypeORM's
 * entities are made of (a decorated field with `!`), so types and decorators go through the
 * project's own TypeScript first, where it has one.
 */
export async function importTypeScript(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const plain = createJiti(path);
  const typescript = typescriptOf(path);
  if (typescript === undefined) return plain.import(path);
  const transform = (file: TransformOptions) => {
    const source = file.ts === true ? withoutTypes(typescript, file) : file.source;
    return { code: plain.transform({ ...file, source, ts: false }) };
  };
  return createJiti(path, { transform, fsCache: false }).import(path);
}

/**
 * The project's TypeScript, or the one beside this package. TypeScript 7 cannot compile from within
 * a program: where there is no other, jiti's own compiler has to do, which is enough for a config
 * without decorated fields.
 */
function typescriptOf(path: string): typeof TypeScript | undefined {
  for (const from of [path, import.meta.url]) {
    try {
      const found = createRequire(from)('typescript') as Partial<typeof TypeScript>;
      if (found.transpileModule !== undefined) return found as typeof TypeScript;
    } catch {
      continue; // there is none here
    }
  }
  return undefined;
}

function withoutTypes(ts: typeof TypeScript, { source, filename }: TransformOptions): string {
  return ts.transpileModule(source, {
    ...(filename !== undefined && { fileName: filename }),
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      useDefineForClassFields: false,
    },
  }).outputText;
}
