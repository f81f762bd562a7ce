/** Who asks: the holder of a token, or an address. */
import {createHash, timingSafeEqual} from 'node:crypto';
import {Refusal} from './failures';

/** Tells callers apart, and refuses those who show no token where one is asked for. */
export class Callers {
  private readonly digests: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.digests = tokens.map(digest);
  }

  /**
   * The name of a caller: the same for the same token.
   *
   * @throws Refusal 401
   */
  nameOf(authorization: string | undefined, address: string): string {
    if (this.digests.length === 0) return address;
    const given = digest(/^Bearer ([^\s]{1,1024})$/i.exec(authorization ?? '')?.[1] ?? '');
    // All are compared, each in constant time: how long it takes says nothing of a token.
    let found = -1;
    this.digests.forEach((known, i) => {
      if (timingSafeEqual(known, given)) found = i;
    });
    if (found < 0) throw new Refusal(401, 'UNAUTHORIZED', 'show a token of this service: Authorization: Bearer TOKEN');
    return `token ${found + 1}`;
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Tokens of a file: one a line; empty lines and those that begin with # are none. */
export function tokensOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
