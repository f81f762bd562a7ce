import {bytesText, parseBytes} from '../../lib/base/bytes';

describe('numbers of bytes', () => {
  it.each([
    ['2GB', 2e9],
    ['500 MB', 5e8],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['64k', 64e3],
    ['1e9', 1e9],
    ['4096', 4096],
  ])('are read: %s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', 'GB', '-1', '0', '2TB', '1.2.3', 'two', 'Infinity', '1e400'])('are refused where they are none: %p', (text) => {
    expect(() => parseBytes(text)).toThrow(expect.objectContaining({code: 'INVALID_ARGUMENT'}));
  });

  it('are written as people read them', () => {
    expect([bytesText(2.5e9), bytesText(64e6)]).toEqual(['2.50 GB', '64.0 MB']);
  });
});
