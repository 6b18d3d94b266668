//! The names that callers send: account ids, IBANs, references and the ids that the bank itself gave out.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A customer account: `acc_` and 20 characters of `[0-9a-z]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountId(String);

impl AccountId {
    /// The whole id, with its prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 20 characters after `acc_`; the first word among them chooses the account's behaviour.
    pub fn word(&self) -> &str {
        self.0.strip_prefix("acc_").unwrap_or_default()
    }
}

impl TryFrom<String> for AccountId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let valid = text.strip_prefix("acc_").is_some_and(|rest| {
            rest.len() == 20 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
        });
        if valid {
            Ok(Self(text))
        } else {
            Err("an account id is acc_ and 20 characters of [0-9a-z]".to_owned())
        }
    }
}

/// An international bank account number with a right checksum (ISO 13616, mod 97), without spaces.
///
/// It is personal data: it is never logged, `Debug` and `Display` show the country and the last four characters only.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Iban(String);

impl Iban {
    /// The whole number; for the database and for comparison, never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (country, tail) = (self.0.get(..2), self.0.get(self.0.len().saturating_sub(4)..));
        write!(f, "{}…{}", country.unwrap_or_default(), tail.unwrap_or_default())
    }
}

impl fmt::Debug for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iban({self})")
    }
}

impl TryFrom<String> for Iban {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if iban_checksum_holds(&text) {
            Ok(Self(text))
        } else {
            Err("the IBAN's checksum is wrong".to_owned())
        }
    }
}

/// ISO 13616: the first four characters moved to the end, letters as 10 to 35, the whole modulo 97 is 1.
fn iban_checksum_holds(text: &str) -> bool {
    let shape = (15..=34).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        && text.bytes().take(2).all(|byte| byte.is_ascii_uppercase());
    if !shape {
        return false;
    }
    let (head, tail) = text.split_at(4);
    let remainder = tail.chars().chain(head.chars()).filter_map(|c| c.to_digit(36)).fold(0, |sum, digit| {
        let shift = if digit < 10 { 10 } else { 100 };
        (sum * shift + digit) % 97
    });
    remainder == 1
}

/// A caller's reference for a payment: a UUID, kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference(String);

impl Reference {
    /// The UUID in lower case with its hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let groups = text.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
        let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if groups && hex {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err("a reference is a UUID".to_owned())
        }
    }
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:012}"), self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let row = text.strip_prefix($prefix).and_then(|digits| digits.parse().ok()).map(Self);
                // Only the spelling that the bank gave out; "hold_+1" and "hold_01" are not ids.
                row.filter(|id| id.to_string() == text)
                    .ok_or_else(|| concat!("an id of this kind is ", $prefix, " and twelve digits").to_owned())
            }
        }
    };
}

numbered!(
    /// A hold: `hold_000000000001`.
    HoldId, "hold_"
);
numbered!(
    /// A posting: `post_000000000001`.
    PostingId, "post_"
);
numbered!(
    /// What the rail calls a payment that it took: `RAIL000000000001`.
    RailReference, "RAIL"
);

#[cfg(test)]
mod tests;
