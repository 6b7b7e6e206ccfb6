export {
  startFleet,
  withFleet,
  type DataSourcePart,
  type Fleet,
  type FleetOptions,
} from './fleet.ts';
