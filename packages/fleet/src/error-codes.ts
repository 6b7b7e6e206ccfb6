import type {
  FleetNotClosedError,
  FleetOptionsInvalidError,
  FleetUsedError,
  QueueUndeclaredError,
} from './fleet-errors.ts';

/** The errors of this package by their codes. */
export interface FleetErrors {
  readonly FLEET_OPTIONS_INVALID: FleetOptionsInvalidError;
  readonly FLEET_USED: FleetUsedError;
  readonly FLEET_NOT_CLOSED: FleetNotClosedError;
  readonly QUEUE_UNDECLARED: QueueUndeclaredError;
}

declare module '@switchyard/shard-context/errors' {
  interface SwitchyardErrors extends FleetErrors {}
}
