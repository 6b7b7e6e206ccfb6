export {
  describeReport,
  probeContext,
  type ContextReport,
  type ProbeOptions,
  type ProbedUnit,
} from './probe-context.ts';
