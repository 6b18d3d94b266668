//! The bank's operations: their arguments, what each does, and the fault its data asks for.

use crate::answer::{Answer, Refusal};
use crate::identifier::{AccountId, HoldId, Iban, PostingId, Reference};
use crate::money::Money;
use crate::trigger::{self, Trigger};
use crate::{compliance, ledger, rail};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use sqlx::SqliteConnection;

/// The longest free text of an argument, in bytes.
const TEXT_BYTES_MAX: usize = 500;

/// A call with its arguments, named as the workflow's services declare them. Unknown fields are ignored.
#[derive(Debug, Deserialize)]
#[serde(tag = "operation", content = "arguments")]
pub enum Operation {
    #[serde(rename = "Compliance.screen")]
    Screen { debtor: AccountId, creditor: Iban },
    #[serde(rename = "Ledger.reserve")]
    Reserve { account: AccountId, amount: Money },
    #[serde(rename = "Ledger.release")]
    Release { hold: HoldId },
    #[serde(rename = "Ledger.post")]
    Post { hold: HoldId, amount: Money, fee: Money },
    #[serde(rename = "Ledger.reverse")]
    Reverse { posting: PostingId, reason: Text },
    #[serde(rename = "Ledger.settle")]
    Settle { hold: HoldId, rail_reference: Text },
    #[serde(rename = "Ledger.balance")]
    Balance { account: AccountId },
    #[serde(rename = "Rail.submit")]
    Submit { creditor: Iban, amount: Money, reference: Reference },
    #[serde(rename = "Rail.lookup")]
    Lookup { reference: Reference },
}

/// Free text of at most 500 bytes.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Text(String);

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() <= TEXT_BYTES_MAX { Ok(Self(text)) } else { Err("the text is too long".to_owned()) }
    }
}

/// The names that [`Operation::parse`] knows, as `Service.operation`.
pub const NAMES: [&str; 9] = [
    "Compliance.screen",
    "Ledger.reserve",
    "Ledger.release",
    "Ledger.post",
    "Ledger.reverse",
    "Ledger.settle",
    "Ledger.balance",
    "Rail.submit",
    "Rail.lookup",
];

impl Operation {
    /// The typed call for an operation's name and the JSON object of its arguments.
    ///
    /// # Errors
    /// `NotFound` for an unknown name, `BadArguments` for a missing or ill-typed argument.
    pub fn parse(name: &str, arguments: &Value) -> Result<Self, Refusal> {
        if !NAMES.contains(&name) {
            return Err(Refusal::NotFound(format!("there is no operation {name:?}")));
        }
        if !arguments.is_object() {
            return Err(Refusal::BadArguments("the arguments are not a JSON object".to_owned()));
        }
        let call = serde_json::json!({"operation": name, "arguments": arguments});
        Self::deserialize(call).map_err(|error| Refusal::BadArguments(error.to_string()))
    }

    /// Does it, inside the caller's transaction.
    ///
    /// # Errors
    /// A refusal; the transaction must be rolled back.
    pub async fn execute(&self, db: &mut SqliteConnection, now: Timestamp) -> Result<Answer, Refusal> {
        match self {
            Self::Screen { debtor, creditor } => Ok(compliance::screen(debtor, creditor)),
            Self::Reserve { account, amount } => ledger::reserve(db, account, *amount, now).await,
            Self::Release { hold } => ledger::release(db, *hold).await,
            Self::Post { hold, amount, fee } => ledger::post(db, *hold, *amount, *fee, now).await,
            Self::Reverse { posting, reason } => ledger::reverse(db, *posting, &reason.0, now).await,
            Self::Settle { hold, rail_reference } => ledger::settle(db, *hold, &rail_reference.0, now).await,
            Self::Balance { account } => ledger::balance(db, account, now).await,
            Self::Submit { creditor, amount, reference } => {
                rail::submit(db, creditor, *amount, reference, now).await
            }
            Self::Lookup { reference } => rail::lookup(db, reference).await,
        }
    }

    /// The fault that the call's data asks for. An operation on a hold or posting looks at the account behind it.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn trigger(&self, db: &mut SqliteConnection) -> Result<Option<Trigger>, sqlx::Error> {
        let of_account = |account: &AccountId, word| Ok(trigger::of_account(account, word));
        let (account, word) = match self {
            Self::Screen { debtor, .. } => return of_account(debtor, "screen"),
            Self::Reserve { account, .. } => return of_account(account, "reserve"),
            Self::Balance { account } => return of_account(account, "balance"),
            Self::Submit { amount, .. } => return Ok(trigger::of_amount(*amount)),
            Self::Lookup { .. } => return Ok(None),
            Self::Release { hold } => (ledger::account_of_hold(db, *hold).await?, "release"),
            Self::Post { hold, .. } => (ledger::account_of_hold(db, *hold).await?, "post"),
            Self::Settle { hold, .. } => (ledger::account_of_hold(db, *hold).await?, "settle"),
            Self::Reverse { posting, .. } => (ledger::account_of_posting(db, *posting).await?, "reverse"),
        };
        let account = account.and_then(|id| AccountId::try_from(id).ok());
        Ok(account.and_then(|account| trigger::of_account(&account, word)))
    }
}
