const { readdirSync, readFileSync } = require('node:fs');

/** The arrows: what each folder may import of the others. `directory` and `models` never meet. */
const ARROWS = {
  'shard-context': [],
  jobs: ['shard-context'],
  mysql: ['shard-context'],
  directory: ['shard-context', 'mysql'],
  models: ['shard-context', 'mysql'],
  copier: ['shard-context', 'mysql'],
  migrator: ['shard-context', 'mysql', 'models', 'copier'],
  tenants: ['shard-context', 'mysql', 'directory', 'models', 'copier'],
  fleet: ['shard-context', 'jobs', 'mysql', 'directory', 'models', 'copier', 'migrator', 'tenants'],
  cli: [
    ...['shard-context', 'jobs', 'mysql', 'directory', 'models', 'copier', 'migrator', 'tenants'],
    'fleet',
  ],
};

/** What each package may import from npm. Tests beside the code may import more. */
const LIBRARIES = {
  'shard-context': [],
  jobs: [],
  mysql: ['mysql2'],
  copier: ['mysql2'],
  tenants: ['typeorm', 'mysql2'],
  fleet: ['typeorm', 'mysql2'],
  directory: ['lru-cache', 'mongodb', 'mysql2'],
  models: ['typeorm', 'mysql2', 'reflect-metadata'],
  migrator: ['typeorm', 'mysql2', 'p-limit', 'dt-sql-parser', 'node-sql-parser', 'antlr4ng'],
  cli: [
    ...['yargs', '@types/yargs', 'zod', 'jiti', 'typescript', 'typeorm', 'reflect-metadata'],
    ...['mysql2', 'mongodb', 'pino', 'bullmq'],
  ],
};

/** The adapters of shard-context (folders under its src) and the host that each one knows. */
const HOSTS = {
  http: [],
  fastify: ['fastify', 'fastify-plugin'],
  express: ['express', '@types/express', '@types/express-serve-static-core'],
  koa: ['koa', '@types/koa', 'koa-router', '@types/koa-router'],
  hono: ['hono'],
  nestjs: ['@nestjs', 'rxjs', 'reflect-metadata', 'express', '@types/express', 'fastify'],
  otel: ['@opentelemetry/api'],
  pino: ['pino'],
  testing: [],
};

/** The adapters of jobs (folders under its src) and the queue that each one knows. */
const QUEUES = { bullmq: ['bullmq'] };

/** By package. What several of its adapters share is listed with them. */
const ADAPTERS = { 'shard-context': HOSTS, jobs: QUEUES, fleet: QUEUES };

const CORE = 'packages/shard-context/src';
const TEST = '\\.test\\.ts$';
const anyOf = (names) => `(${names.join('|')})`;
const sourcesOf = (name) => `packages/${name}/src`;
/** The folders of adapters in each package that has some. */
const adapters = Object.entries(ADAPTERS).map(([name, folders]) => [
  `^${sourcesOf(name)}/`,
  `^${sourcesOf(name)}/${anyOf(Object.keys(folders))}/`,
]);
const everyAdapter = adapters.map(([, folders]) => folders);
// A path that nothing has: an empty list must allow nothing, and an empty expression allows all.
const inside = (libraries) => libraries.map((name) => `node_modules/${name}/`).concat('^$never');

/** The files that a package's `exports` show: the only ones that others may reach. */
function doors() {
  const found = [];
  for (const name of readdirSync('packages')) {
    const { exports } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'));
    for (const entry of Object.values(exports)) {
      if (entry.source) found.push(`^packages/${name}/${entry.source.slice(2)}$`);
    }
  }
  return found;
}

const arrowRules = Object.entries(ARROWS).map(([name, allowed]) => ({
  name: `arrows-${name}`,
  comment: `${name} may import ${allowed.join(', ') || 'no other package'}.`,
  severity: 'error',
  from: { path: `^packages/${name}/` },
  to: {
    path: ['^packages/', '^(examples|test|bench)/'],
    pathNot: `^packages/${anyOf([name, ...allowed])}/`,
  },
}));

const libraryRules = Object.entries(LIBRARIES).map(([name, allowed]) => ({
  name: `libraries-${name}`,
  comment: `${name} may import from npm: ${allowed.join(', ') || 'nothing'}.`,
  severity: 'error',
  from: { path: `^packages/${name}/src/`, pathNot: [...everyAdapter, TEST] },
  to: { path: 'node_modules/', pathNot: inside(allowed) },
}));

const adapterRules = Object.entries(ADAPTERS).flatMap(([name, folders]) =>
  Object.entries(folders).map(([folder, hosts]) => ({
    name: `adapter-${folder}`,
    comment: `This adapter knows ${hosts.join(', ') || 'no host'} and one function of the house.`,
    severity: 'error',
    from: { path: `^${sourcesOf(name)}/${folder}/`, pathNot: TEST },
    to: {
      path: ['node_modules/', ...everyAdapter],
      // An adapter may stand on that of the same host in another package.
      pathNot: [...inside(hosts), `^packages/[^/]+/src/${folder}/`, `^${CORE}/http/`],
    },
  })),
);

/** What a single file of a package may import, beyond the package's other files. */
const STORES = {
  mysql: ['^packages/mysql/', 'node_modules/mysql2/'],
  mongodb: ['node_modules/mongodb/'],
};

const storeRules = Object.entries(STORES).map(([store, own]) => ({
  name: `directory-${store}`,
  comment: `Only the ${store} store of the directory knows it, by a subpath: an optional peer.`,
  severity: 'error',
  from: {
    path: `^${sourcesOf('directory')}/`,
    pathNot: [`^${sourcesOf('directory')}/stores/${store}`, TEST],
  },
  to: { path: own },
}));

const coreRules = adapters.map(([sources, folders]) => ({
  name: 'core-knows-no-adapter',
  comment: 'Adapters point at the core; nothing points back.',
  severity: 'error',
  from: { path: sources, pathNot: [folders, TEST] },
  to: { path: folders },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that import each other, types included, cannot be understood apart.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-folder-cycles',
      comment: 'Two folders of a package that import each other, types included, are one.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^packages/[^/]+/src' },
      to: { circular: true },
    },
    ...arrowRules,
    ...libraryRules,
    ...adapterRules,
    ...coreRules,
    ...storeRules,
    {
      name: 'by-public-name',
      comment: 'Another package is imported by its name; its inside is its own.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|examples|test|bench)/' },
      to: { path: '^packages/', pathNot: ['^$1/', ...doors()] },
    },
    {
      name: 'one-async-local-storage',
      comment: 'Only storage.ts of shard-context touches AsyncLocalStorage.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [`^${CORE}/storage\\.ts$`, TEST] },
      to: { path: '^(node:)?async_hooks$' },
    },
    {
      name: 'no-tests-in-code',
      comment: 'Tests import code and never the other way round.',
      severity: 'error',
      from: { path: '^packages/', pathNot: TEST },
      to: { path: TEST },
    },
    {
      name: 'resolvable',
      comment: 'What cannot be resolved is not checked by any rule above.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    // Counts `import type`, which the compiled code no longer shows.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'types', 'import', 'require', 'node', 'default'],
      mainFields: ['types', 'main'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
