/** The word that somebody probably meant: the same but for two letters or for its end, or undefined. */
export function nearestWord(written: string, words: readonly string[]): string | undefined {
  const wanted = written.toLowerCase().replace(/-/g, "_");
  let nearest: string | undefined;
  let nearestDistance = 3;
  for (const word of words) {
    const distance = editDistance(wanted, word);
    if (distance < nearestDistance && distance <= word.length / 2) {
      nearest = word;
      nearestDistance = distance;
    }
  }
  return nearest ?? words.find((word) => wanted.length >= 4 && word.startsWith(wanted));
}

/** Levenshtein's distance: letters to add, drop or change. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(change, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
