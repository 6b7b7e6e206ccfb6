import {
  GlobalIdInvalidError,
  GlobalIdShardMissingError,
  type GlobalIdProblem,
} from './gid-errors.ts';
import { GLOBAL_ID_MAX_LENGTH, MODEL, NAME } from './global-id.ts';

const PARAMETERS = ['shard', 'tenant', 'e'];

/**
 * Why a text is not a global ID, as an error to throw. Parsing uses one regular expression, which is
 * fast but tells only whether the text matches. This slow second look is for refused texts only.
 */
export function problemOfText(text: unknown): GlobalIdInvalidError | GlobalIdShardMissingError {
  if (typeof text !== 'string') return invalid('not-text', 'it is not text');
  if (text.length > GLOBAL_ID_MAX_LENGTH) {
    return invalid('too-long', `it is longer than ${GLOBAL_ID_MAX_LENGTH} characters`);
  }
  if (!text.startsWith('gid://')) return invalid('scheme', 'it does not begin with gid://');
  const [path = '', query, ...more] = text.slice('gid://'.length).split('?');
  if (more.length > 0) return invalid('encoding', 'it has more than one question mark');
  return pathProblem(path) ?? queryProblem(query);
}

function pathProblem(path: string): GlobalIdInvalidError | undefined {
  const [fleet = '', model = '', ...id] = path.split('/');
  if (!NAME.test(fleet)) return invalid('fleet', 'the fleet is not a lower-case name');
  if (!MODEL.test(model)) return invalid('model', 'the model is not a class name');
  if (id.join('') === '') return invalid('id', 'it has no id');
  return /[&#]/.test(path) ? invalid('encoding', 'the id is not percent-encoded') : undefined;
}

function queryProblem(query: string | undefined): GlobalIdInvalidError | GlobalIdShardMissingError {
  if (query === undefined) return new GlobalIdShardMissingError();
  const names = query.split('&').map((parameter) => parameter.split('=', 1)[0] as string);
  if (names.some((name) => !PARAMETERS.includes(name))) {
    return invalid('parameter-unknown', 'it has a parameter that is not shard, tenant or e');
  }
  if (new Set(names).size < names.length) {
    return invalid('parameter-repeated', 'it has a parameter twice');
  }
  if (!names.includes('shard')) return new GlobalIdShardMissingError();
  return valueProblem(query, names);
}

function valueProblem(
  query: string,
  names: readonly string[],
): GlobalIdInvalidError | GlobalIdShardMissingError {
  const values = new Map(query.split('&').map((one) => [one.split('=', 1)[0], valueOf(one)]));
  if (values.get('shard') === '') return new GlobalIdShardMissingError();
  if (!NAME.test(values.get('shard') as string)) {
    return invalid('shard', 'the shard is not a lower-case name');
  }
  if (values.get('tenant') === '') return invalid('tenant', 'the tenant is empty');
  if (names.join() !== PARAMETERS.filter((name) => names.includes(name)).join()) {
    return invalid('parameter-order', 'the order of parameters is shard, tenant, e');
  }
  if (!names.includes('tenant')) {
    return invalid('epoch', 'an epoch without a tenant says nothing');
  }
  return /^[1-9]\d{0,15}$/.test(values.get('e') ?? '1')
    ? invalid('encoding', 'the tenant is not percent-encoded')
    : invalid('epoch', 'the epoch is not a whole number from 1');
}

function valueOf(parameter: string): string {
  return parameter.slice(parameter.indexOf('=') + 1);
}

function invalid(problem: GlobalIdProblem, reason: string): GlobalIdInvalidError {
  return new GlobalIdInvalidError(problem, reason);
}
