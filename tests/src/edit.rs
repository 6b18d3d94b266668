//! Small edits of a text, as somebody would send them to be reviewed.
//!
//! An edit is lines that begin with two characters: `- ` goes, `+ ` comes, and two blanks stay. A line `@@` begins
//! another place. The lines of a place that go or stay must be found exactly once.

use std::ops::RangeInclusive;

/// A text after an edit, and where it was edited.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The text.
    pub text: String,
    /// The lines that came, from one; of a place where lines only went, those around it.
    pub lines: Vec<RangeInclusive<usize>>,
}

/// Edits a text, or says what is wrong with the edit.
///
/// # Errors
///
/// When lines begin in another way, or a place is not found exactly once.
pub fn edit(text: &str, edit: &str) -> Result<Edited, String> {
    let places = edit.split("\n@@\n").map(Place::of).collect::<Result<Vec<_>, _>>()?;
    let mut edited = text.to_owned();
    for place in &places {
        let (before, after) = place.split(&edited)?;
        edited = format!("{before}{}{after}", place.new);
    }
    let mut lines = Vec::new();
    for place in &places {
        // Later places have moved earlier ones, so they are looked for at the end.
        let start = edited.find(&place.new).ok_or_else(|| format!("two places overlap:\n{}", place.new))?;
        let first = 1 + edited[..start].matches('\n').count();
        lines.extend(place.came.iter().map(|came| first + came.start()..=first + came.end()));
    }
    Ok(Edited { text: edited, lines })
}

/// A place of an edit: whole lines.
struct Place {
    old: String,
    new: String,
    came: Vec<RangeInclusive<usize>>,
}

impl Place {
    fn of(text: &str) -> Result<Place, String> {
        let mut place = Place { old: String::new(), new: String::new(), came: Vec::new() };
        for line in text.lines() {
            let (mark, rest) = line.split_at_checked(2).unwrap_or((line, ""));
            let rest = format!("{}\n", rest.trim_end());
            let at = place.new.matches('\n').count();
            match mark.trim_end() {
                "" => {
                    place.old.push_str(&rest);
                    place.new.push_str(&rest);
                }
                "-" => {
                    place.old.push_str(&rest);
                    place.came.push(at.saturating_sub(1)..=at);
                }
                "+" => {
                    place.new.push_str(&rest);
                    place.came.push(at..=at);
                }
                _ => return Err(format!("an edit has lines with `- `, `+ ` or two blanks, not\n{line}")),
            }
        }
        Ok(place)
    }

    /// What stands before it and behind it.
    fn split<'a>(&self, text: &'a str) -> Result<(&'a str, &'a str), String> {
        let whole = |at: &usize| *at == 0 || text[..*at].ends_with('\n');
        let mut found = text.match_indices(&self.old).map(|(at, _)| at).filter(whole);
        match (found.next(), found.next()) {
            (Some(at), None) => Ok((&text[..at], &text[at + self.old.len()..])),
            (None, _) => Err(format!("these lines are not there:\n{}", self.old)),
            (Some(_), Some(_)) => Err(format!("these lines are there more than once:\n{}", self.old)),
        }
    }
}
