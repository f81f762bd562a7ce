/** Whatever is wrong with a code block is found, and said with its place. */
import type {Runnable} from '../support/code-blocks';
import {runnablesOf, ReaderFolder} from '../support/code-blocks';
import {temporaryFolder} from '../support/temporary-folder';

const place = new ReaderFolder(temporaryFolder('folder'));

describe('a block that is broken', () => {
  const fence = '```';
  const broken = (language: string, code: string, ...comments: string[]): Runnable[] =>
    runnablesOf({name: 'broken.md', text: [...comments, `${fence}${language}`, code, fence].join('\n')});

  it.each([
    ['throws', 'js', "throw new Error('so it is');", /^broken\.md:2: [^]*so it is/],
    ['imports what is not there', 'js', "import {nothing} from 'dinf-grid';\nnothing();", /^broken\.md:2: [^]*nothing/],
    [
      'asks for what the command line does not know',
      'sh',
      'dinf-grid solve nothing',
      /^broken\.md:2: exit code 2, and not 0[^]*nothing/,
    ],
    ['is another command', 'sh', 'rm -r out', /^broken\.md:2: only dinf-grid and node/],
  ])('%s', async (_, language, code, message) => {
    await expect(place.run(broken(language, code)[0])).rejects.toThrow(message);
  });

  it('has a wrong type', () => {
    const errors = place.typeErrors(
      broken('ts', "import {bspline} from 'dinf-grid';\nexport const degree: string = bspline(5);"),
    );
    expect(errors).toEqual([expect.stringMatching(/^broken\.md:3: Type 'Kernel' is not assignable/)]);
  });

  it.each([
    ['has a comment that means nothing', ['<!-- skipped: no -->'], /broken\.md:2: there is no 'skipped'/],
    ['is skipped without a reason', ['<!-- skip -->'], /broken\.md:2: 'skip' says nothing/],
    ['continues nothing', ['<!-- continues -->'], /broken\.md:3: there is no module/],
  ])('%s', (_, comments, message) => {
    expect(() => broken('js', 'null;', ...comments)).toThrow(message);
  });

  it('has no language', () => {
    expect(() => broken('', 'dinf-grid list')).toThrow(/broken\.md:2: nobody knows/);
  });
});
