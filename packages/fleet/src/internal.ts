// For Switchyard's own packages only; semver does not cover it.
export {
  FleetNotClosedError,
  FleetOptionsInvalidError,
  FleetUsedError,
  QueueUndeclaredError,
} from './fleet-errors.ts';
