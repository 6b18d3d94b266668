//! Places in JSON, and what is wrong there.

/// Why JSON is not a value of a type. Names the place and the rule, never the value: it may be sensitive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} {problem}")]
pub struct InvalidData {
    /// The place as a JSON path: `$.req.amount`.
    pub path: String,
    /// What is wrong there, as the end of a sentence that begins with the path.
    pub problem: String,
}

/// Where in the JSON a decoder stands.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(crate) fn depth(&self) -> usize {
        match self {
            Path::Root => 0,
            Path::Member(parent, _) | Path::Item(parent, _) => parent.depth() + 1,
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Path::Root => "$".to_owned(),
            Path::Member(parent, name) => format!("{}.{name}", parent.text()),
            Path::Item(parent, index) => format!("{}[{index}]", parent.text()),
        }
    }

    pub(crate) fn refuse<T>(&self, problem: impl Into<String>) -> Result<T, InvalidData> {
        Err(InvalidData { path: self.text(), problem: problem.into() })
    }
}
