/** The number of insertions, deletions, replacements and swaps of neighbours that turn one word into another. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, last[j] + 1, row[j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

/** Letters of the longest word that is compared: nobody misspells a longer one by a few letters and waits for advice. */
const LONGEST = 64;

/** The candidate that is most likely meant by a misspelt word, or undefined when none is near. The first of equals. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  let best: string | undefined;
  // One edit in three letters: in shorter words every other short word would be near.
  let limit = Math.floor(Math.min(word.length, 12) / 3);
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue; // at least as many edits
    const size = candidate.toLowerCase() === word.toLowerCase() ? 0 : distance(word, candidate);
    if (size < limit || (best === undefined && size <= limit)) {
      best = candidate;
      limit = size;
    }
  }
  return best;
}
