import type {ErrorCode} from '../schema';

/**
 * Every error the package throws on purpose. `code` is stable across versions, so callers may switch on it;
 * `message` names the offending value and says what to do about it.
 */
export type DinfErrorCode = ErrorCode;

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
