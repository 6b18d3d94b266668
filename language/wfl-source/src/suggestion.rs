//! "Did you mean": the word that is closest to a misspelt one.

/// The candidate that is closest to `word`, if it is close enough to be meant: one slip, and one more for every
/// four letters. Letter case does not count as a slip.
pub fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = 1 + word.chars().count() / 4;
    let lower = word.to_lowercase();
    let scored =
        candidates.into_iter().map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate));
    let close =
        scored.filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count());
    close.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// Damerau-Levenshtein distance in its "optimal string alignment" form: insertions, deletions,
/// substitutions and swaps of neighbours.
fn distance(left: &str, right: &str) -> usize {
    let left = left.chars().collect::<Vec<_>>();
    let right = right.chars().collect::<Vec<_>>();
    let mut before = vec![0; right.len() + 1];
    let mut last = (0..=right.len()).collect::<Vec<_>>();
    for i in 0..left.len() {
        let mut row = vec![i + 1; right.len() + 1];
        for j in 0..right.len() {
            let change = last[j] + usize::from(left[i] != right[j]);
            row[j + 1] = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j] {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}
