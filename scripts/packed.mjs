// The packages as npm would hand them out: packed, installed in an empty project, and used there
// by import, by require and by the compiler.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { program, root } from './setup.mjs';

const manifests = readdirSync(join(root, 'packages')).map((name) =>
  JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')),
);
/** Every door of every package: `@switchyard/models`, `@switchyard/shard-context/fastify`. */
const entries = manifests.flatMap(({ name, exports }) =>
  Object.keys(exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => name + path.slice(1)),
);

const project = mkdtempSync(join(tmpdir(), 'switchyard-packed-'));
try {
  run(process.execPath, [join(root, 'scripts/build.mjs')], root);
  install(pack());
  const problems = [...useByImport(), ...useByRequire(), ...compile(), ...(await lint())];
  for (const problem of problems) console.error(problem);
  console.log(`${manifests.length} packages, ${entries.length} entries by import and by require`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true, force: true });
}

function pack() {
  const tarballs = join(project, 'tarballs');
  mkdirSync(tarballs);
  const which = manifests.flatMap(({ name }) => ['--workspace', name]);
  run('npm', ['pack', '--silent', '--pack-destination', tarballs, ...which], root);
  return readdirSync(tarballs).map((file) => join(tarballs, file));
}

/** With the hosts that the packages name as peers, in the versions that our tests use. */
function install(tarballs) {
  // Hosts without types of their own: their users install `@types/…` beside them.
  const hosts = manifests.flatMap(({ peerDependencies = {}, devDependencies = {} }) =>
    Object.entries(peerDependencies).flatMap(([name, range]) =>
      [name, `@types/${name}`].flatMap((host) => {
        const version = devDependencies[host] ?? (host === name ? range : undefined);
        return version === undefined ? [] : [[host, version]];
      }),
    ),
  );
  const files = tarballs.map((file) => [packageOf(file), `file:${file}`]);
  const dependencies = Object.fromEntries([...hosts, ...files]);
  write('package.json', JSON.stringify({ private: true, type: 'module', dependencies }));
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent'], project);
}

/** `switchyard-models-0.1.0.tgz` is `@switchyard/models`. */
function packageOf(tarball) {
  return manifests.find(({ name, version }) =>
    tarball.endsWith(`/${name.slice(1).replace('/', '-')}-${version}.tgz`),
  ).name;
}

function useByImport() {
  write('use.mjs', `${eachEntry('await import(entry)')}`);
  return complaints('import', spawnSync(process.execPath, ['use.mjs'], { cwd: project }));
}

function useByRequire() {
  write('use.cjs', `(async () => { ${eachEntry('require(entry)')} })();`);
  return complaints('require', spawnSync(process.execPath, ['use.cjs'], { cwd: project }));
}

function eachEntry(load) {
  return `
    for (const entry of ${JSON.stringify(entries)}) {
      try {
        const names = Object.keys(${load});
        if (names.length === 0) throw new Error('exports nothing');
      } catch (error) {
        console.error(entry + ': ' + error.message);
        process.exitCode = 1;
      }
    }`;
}

/** Only what our own declarations say: skipLibCheck would hide an import that leads nowhere. */
function compile() {
  write('use.ts', entries.map((entry, i) => `export * as e${i} from '${entry}';`).join('\n'));
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'ES2023', strict: true, noEmit: true, skipLibCheck: false },
    ...{ experimentalDecorators: true, types: ['node'] },
    typeRoots: [join(root, 'node_modules/@types')],
  };
  return [...typesOf('use.ts', compilerOptions), ...codesOf(compilerOptions)];
}

/** A program that knows the fleet alone: a misspelt code must not compile, and a code narrows. */
function codesOf(compilerOptions) {
  const text = `import { isSwitchyardError } from '@switchyard/fleet';
declare const error: unknown;
// @ts-expect-error misspelt
isSwitchyardError(error, 'STALE_RUOTE');
if (isSwitchyardError(error, 'TENANT_BUSY')) error.remedy satisfies string;
if (isSwitchyardError(error, 'FLEET_OPTIONS_INVALID')) error.problems satisfies readonly string[];
for (const code of ['STALE_ROUTE', 'KEY_TAKEN', 'STEP_FAILED', 'SHARD_IDENTITY', 'JOB_RECORD_GONE'] as const)
  isSwitchyardError(error, code);
`;
  write('codes.ts', text);
  return typesOf('codes.ts', { ...compilerOptions, skipLibCheck: true });
}

function typesOf(file, compilerOptions) {
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
  const tsc = spawnSync(process.execPath, [program('typescript/bin/tsc')], { cwd: project });
  const ours = /^(use\.ts|codes\.ts|node_modules\/@switchyard\/)/;
  return String(tsc.stdout)
    .split('\n')
    .filter((line) => ours.test(line))
    .map((line) => `types: ${line}`);
}

async function lint() {
  const found = [];
  for (const { name } of manifests) {
    const pkgDir = join(project, 'node_modules', name);
    const { messages, pkg } = await publint({ pkgDir, pack: false, level: 'warning' });
    found.push(
      ...messages.map((m) => `publint ${name}: ${formatMessage(m, pkg, { color: false })}`),
    );
  }
  return found;
}

function complaints(how, { status, stderr }) {
  return status === 0 ? [] : [`by ${how}:\n${stderr}`];
}

function write(name, text) {
  writeFileSync(join(project, name), text);
}

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd });
  if (status === 0) return;
  throw new Error(`${basename(command)} ${args[0]} failed:\n${stdout}${stderr}`);
}
