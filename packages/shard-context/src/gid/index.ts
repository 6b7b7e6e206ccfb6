export type {
  GlobalIdProblem,
  GlobalIdInvalidError,
  GlobalIdKeyError,
  GlobalIdModelRefusedError,
  GlobalIdShardMissingError,
  GlobalIdSignatureError,
} from './gid-errors.ts';
export { globalId, GLOBAL_ID_MAX_LENGTH, GLOBAL_ID_MAX_PARTS, type GlobalId } from './global-id.ts';
export { canonicalKey, formatGlobalId, namesSameRecord, type Identity } from './text.ts';
export { parseGlobalId } from './parse.ts';
export type { SigningKey } from './mac.ts';
export { GlobalIdSigner, type SignerKeys, type SignOptions, type VerifyOptions } from './signer.ts';
