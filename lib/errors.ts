/**
 * Every error the package throws on purpose. `code` is stable across versions, so callers may switch on it;
 * `message` names the offending value and says what to do about it.
 */
export type DinfErrorCode =
  | 'ABORTED'
  | 'DIVERGED'
  | 'INVALID_ARGUMENT'
  | 'UNKNOWN_OPTION'
  | 'UNKNOWN_SYMBOL'
  | 'SYNTAX'
  | 'ORDER_TOO_HIGH'
  | 'EXPRESSION_TOO_LARGE'
  | 'NON_FINITE'
  | 'OUT_OF_DOMAIN'
  | 'FILE_NOT_FOUND'
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'NOT_AN_IMAGE'
  | 'NOT_A_MESH'
  | 'IMAGE_TOO_SMALL'
  | 'OUT_OF_MEMORY'
  | 'NO_SUCH_DEVICE'
  | 'NO_NATIVE_BUILD'
  | 'DISPOSED'
  | 'INTERNAL';

/** An error with a stable `code`; see {@link DinfErrorCode}. */
export class DinfError extends Error {
  /** Always `DinfError`. */
  override readonly name = 'DinfError';
  /** Stable across versions. */
  readonly code: DinfErrorCode;

  constructor(code: DinfErrorCode, message: string, options?: {cause?: unknown}) {
    super(message, options);
    this.code = code;
  }
}
