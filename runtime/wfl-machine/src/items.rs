//! `foreach`: items begin as limit and rate allow; each is a scope of its own, and a failed one is undone before it
//! counts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wfl_ir::flow::Map;
use wfl_ir::{Decimal, EdgeKind, Fields, List, Name, RegionKind, Value};

use crate::fact::Fact;
use crate::fold::Fold;
use crate::ledger::{Entry, Group, Owed, Suspension};
use crate::planted::{Bug, planted};
use crate::strand::{Doing, Left, Mapped, Raised, Strand, Then};

/// The longest text of a key that stands in the names of calls as it is.
const MAX_KEY_BYTES: usize = 64;

impl Fold<'_> {
    /// The items are counted and told apart; the first ones begin.
    pub(crate) fn map(&mut self, index: u32, map: &Map) -> Result<Option<u32>, Suspension> {
        let Value::List(items) = self.eval(&map.list)? else {
            return Err(Suspension::Fault("what is gone through is no list".into()));
        };
        let mut keys = Vec::with_capacity(items.len());
        for (number, item) in items.iter().enumerate() {
            self.set_slot(map.item, item.clone());
            keys.push(match &map.key {
                Some(key) => Name::from(self.eval(key)?.to_string()),
                None => Name::from(number.to_string()),
            });
        }
        let total = items.len() as u32;
        let unique = keys.iter().collect::<BTreeSet<_>>().len();
        self.facts.push(Fact::ItemsBegun { step: self.name(index), total });
        if unique < keys.len() {
            let raised = self.system_error("DuplicateKey", Fields::default());
            return Ok(self.raise_at(index, raised));
        }
        let mapped = Mapped {
            items,
            keys,
            next: 0,
            live: BTreeMap::new(),
            values: BTreeMap::new(),
            owed: BTreeMap::new(),
            failed: BTreeMap::new(),
            begun: VecDeque::new(),
            more_at: None,
            verdict: None,
            stopping: false,
        };
        self.strand().doing = Doing::Map(index, Box::new(mapped));
        Ok(self.map_on())
    }

    pub(crate) fn mapped(&mut self) -> Option<(u32, &mut Mapped)> {
        match self.strand().activity_mut() {
            Doing::Map(index, mapped) => Some((*index, mapped)),
            _ => None,
        }
    }

    /// Begins as many items as may run now.
    fn begin_items(&mut self) {
        let Some((index, _)) = self.mapped() else { return };
        let Some(map) = self.map_kind(index) else { return };
        let (limit, rate, now) = (map.at_once(), map.rate, self.now());
        while let Some((_, mapped)) = self.mapped() {
            if mapped.next as usize >= mapped.items.len() || mapped.live.len() >= limit as usize {
                return;
            }
            if let Some((most, per)) = rate {
                mapped.begun.retain(|begun| begun.plus(per) > now);
                if mapped.begun.len() >= most as usize {
                    mapped.more_at = mapped.begun.front().map(|begun| begun.plus(per));
                    return;
                }
                mapped.begun.push_back(now);
            }
            mapped.more_at = None;
            let number = mapped.next;
            mapped.next += 1;
            self.begin_item(index, number);
        }
    }

    fn begin_item(&mut self, index: u32, number: u32) {
        let (parent, path) = (self.current, self.path());
        let Some(map) = self.map_kind(index) else { return };
        let Some((_, mapped)) = self.mapped() else { return };
        let (item, key) = (mapped.items[number as usize].clone(), mapped.keys[number as usize].clone());
        let RegionKind::Item { first, end } = self.plan.regions[map.region as usize].kind else { return };
        let mut slots = vec![None; end.saturating_sub(first) as usize];
        if let Some(slot) = map.item.checked_sub(first).and_then(|at| slots.get_mut(at as usize)) {
            *slot = Some(item);
        }
        let key = segment(&key);
        let path = path.map_or_else(|| key.clone(), |path| format!("{path}/{key}"));
        let strand = Strand {
            path: Some(Name::from(path)),
            slots,
            ..Strand::new(map.region, Some((parent, index)), number, map.scope)
        };
        let id = self.start_strand(strand, self.plan.target(index, EdgeKind::Body));
        if let Some((_, mapped)) = self.mapped() {
            mapped.live.insert(number, id);
        }
    }

    /// The current strand, an item, has come to its end.
    pub(crate) fn item_done(&mut self) -> Option<u32> {
        let id = self.current;
        let base = self.strand().base;
        self.leave_scopes(base);
        let (parent, node) = self.strand().parent?;
        let map = self.map_kind(node)?;
        let value = map.value.map_or(Value::Unit, |slot| self.slot(slot));
        let strand = self.strand();
        let (number, ledger) = (strand.index, std::mem::take(&mut strand.ledger));
        let stays = strand.trail.iter().any(|passed| passed.stays);
        self.switch(parent);
        self.state.strands.remove(&id);
        if stays {
            self.pass(node, true);
            self.fold_trail(node, u32::MAX);
        }
        let (_, mapped) = self.mapped()?;
        mapped.live.remove(&number);
        mapped.values.insert(number, value);
        if !ledger.is_empty() {
            mapped.owed.insert(number, ledger);
        }
        self.map_on()
    }

    /// An item is over without a value, and has undone what it did.
    pub(crate) fn item_left(&mut self, number: u32, left: Left) -> Option<u32> {
        let (index, _) = self.mapped()?;
        let name = match &left {
            Left::Failed(raised) => Some(raised.name(self)),
            Left::Stopped => None,
        };
        let tolerated = self.map_kind(index)?.tolerated;
        let (_, mapped) = self.mapped()?;
        mapped.live.remove(&number);
        let total = mapped.items.len() as u32;
        if let Some(name) = name {
            mapped.failed.insert(number, name.clone());
            let failed = mapped.failed.len() as u32;
            self.facts.push(Fact::ItemFailed { step: self.name(index), item: number, error: name });
            match (tolerated, left) {
                (None, Left::Failed(raised)) => self.map_fails(raised),
                (Some(share), _) if failed > allowed(share, total) => {
                    let count = |n: u32| Value::Int(i64::from(n));
                    let fields = Fields::new([
                        (Name::from("failed"), count(failed)),
                        (Name::from("total"), count(total)),
                    ]);
                    let raised = self.system_error("TooManyFailures", fields);
                    self.map_fails(raised);
                }
                _ => {}
            }
        }
        self.map_on()
    }

    /// The whole will end with an error once all items are settled. The first error counts.
    pub(crate) fn map_fails(&mut self, raised: Raised) {
        let Some((_, mapped)) = self.mapped() else { return };
        mapped.verdict.get_or_insert(raised);
        self.stop_items("an item failed");
    }

    fn stop_items(&mut self, reason: &str) {
        let Some((_, mapped)) = self.mapped() else { return };
        mapped.more_at = None;
        let live: Vec<u32> = mapped.live.values().copied().rev().collect();
        for id in live {
            self.stop(id, reason);
        }
    }

    /// What is around it is undone: so are its items first.
    pub(crate) fn wind_down_map(&mut self) {
        if let Some((_, mapped)) = self.mapped() {
            mapped.stopping = true;
        }
        self.stop_items("what is around it is undone");
        self.put_down_owed();
    }

    /// Once no item is under way, what the others owe is owed by the strand of the whole.
    fn put_down_owed(&mut self) -> bool {
        let Some((index, mapped)) = self.mapped() else { return false };
        if !mapped.live.is_empty() {
            return false;
        }
        let owed = std::mem::take(&mut mapped.owed);
        *self.strand().activity_mut() = Doing::Idle;
        self.owe_beside(index, owed);
        true
    }

    fn owe_beside(&mut self, index: u32, owed: BTreeMap<u32, Vec<Entry>>) {
        let Some(map) = self.map_kind(index) else { return };
        if owed.is_empty() || planted(Bug::ItemsOweNothing) {
            return;
        }
        let (path, scope) = (self.path(), self.node(index).scope);
        let group = |ledger| Group { region: map.region, path: path.clone(), scope: map.scope, ledger };
        let groups = owed.into_values().map(group).collect();
        let limit = Some(map.at_once());
        self.strand().ledger.push(Entry { scope, owed: Owed::Beside(groups, limit) });
    }

    /// More items may begin.
    pub(crate) fn rate_allows(&mut self) -> Option<u32> {
        let (_, mapped) = self.mapped()?;
        mapped.more_at = None;
        self.map_on()
    }

    /// Begins more items, or looks whether the whole has ended. Gives the node behind it.
    fn map_on(&mut self) -> Option<u32> {
        let (index, mapped) = self.mapped()?;
        if mapped.stopping {
            return if self.put_down_owed() { self.unwind_on() } else { None };
        }
        if let Some(raised) = mapped.verdict.clone() {
            if !self.put_down_owed() {
                return None;
            }
            return self.map_failed(index, raised);
        }
        self.begin_items();
        let (_, mapped) = self.mapped()?;
        if mapped.live.is_empty() && mapped.next as usize >= mapped.items.len() {
            return self.mapped_all(index);
        }
        None
    }

    /// All is undone, then the error goes to a handler, or outwards.
    fn map_failed(&mut self, index: u32, raised: Raised) -> Option<u32> {
        let strand = self.strand();
        let floor = match strand.ledger.last() {
            Some(Entry { owed: Owed::Beside(..), .. }) => strand.ledger.len() - 1,
            _ => return self.raise_at(index, raised),
        };
        let scope = self.node(index).scope;
        let then = Then::Raise(index, raised);
        self.unwind_above(scope, floor as u32, then, "items failed".into())
    }

    fn mapped_all(&mut self, index: u32) -> Option<u32> {
        let Doing::Map(_, mapped) = std::mem::replace(&mut self.strand().doing, Doing::Idle) else {
            return None;
        };
        let map = self.map_kind(index)?;
        self.facts.push(Fact::ItemsEnded {
            step: self.name(index),
            ended: mapped.values.len() as u32,
            failed: mapped.failed.len() as u32,
        });
        self.owe_beside(index, mapped.owed);
        if let Some(slot) = map.result {
            let ok = Value::List(mapped.values.into_values().collect::<List>());
            let value = match map.tolerated {
                None => ok,
                Some(_) => batch(ok, &mapped.failed, &mapped.keys),
            };
            self.set_slot(slot, value);
        }
        self.plan.target(index, EdgeKind::Order)
    }
}

/// How many of so many items may fail: so many per cent, rounded down.
fn allowed(share: Decimal, total: u32) -> u32 {
    let number = |n: i128| Decimal::new(n, 0).unwrap_or_default();
    let of_all = share.checked_mul(number(i128::from(total))).ok();
    let failures = of_all.and_then(|all| all.checked_div(number(100))?.ok());
    failures.and_then(|failures| failures.floor().to_i64()).map_or(0, |n| u32::try_from(n).unwrap_or(0))
}

/// The value of a tolerant `foreach`.
fn batch(ok: Value, failed: &BTreeMap<u32, Name>, keys: &[Name]) -> Value {
    let failure = |(number, error): (&u32, &Name)| {
        Value::Record(Fields::new([
            (Name::from("index"), Value::Int(i64::from(*number))),
            (Name::from("key"), Value::String(keys[*number as usize].clone())),
            (Name::from("error"), Value::String(error.clone())),
        ]))
    };
    let errors = Value::List(failed.iter().map(failure).collect::<List>());
    Value::Record(Fields::new([(Name::from("ok"), ok), (Name::from("errors"), errors)]))
}

/// A key as a part of a path: unambiguous and short.
fn segment(key: &str) -> String {
    let plain = |c: char| !matches!(c, '/' | '[' | ']' | '#' | '%') && !c.is_control();
    if key.len() <= MAX_KEY_BYTES && !key.is_empty() && key.chars().all(plain) {
        return key.to_owned();
    }
    let digest = blake3::hash(key.as_bytes()).to_hex();
    let start: String = key.chars().filter(|c| plain(*c)).take(16).collect();
    format!("{start}%{}", &digest[..16])
}
