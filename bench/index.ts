export { compare, timing, type Row, type RowResult, type Timing, type Variant } from './harness.ts';
export { micro, type MicroRow } from './micro.ts';
export { report } from './report.ts';
