export {
  startFleet,
  withFleet,
  type DataSourcePart,
  type Fleet,
  type FleetOptions,
} from './fleet.ts';
export { startCommitCutter, type CommitCutter, type CommitFault } from './commit-cutter.ts';
export { startStatementGate, type GateSide, type StatementGate } from './statement-gate.ts';
