//! `foreach` and `repeat`: the same body several times.

use std::sync::Arc;

use wfl_ir::flow::{Loop, Map};
use wfl_ir::{Decimal, EdgeKind, Fields, Name, NodeKind, RegionKind, Value};

use crate::interpret::reference::Reference;
use crate::interpret::until::Until;
use crate::strand::{Debt, Done, Flow, Life, Next, Raised, Stops, Strand, union};

/// An item that has ended.
struct Ended {
    done: Done,
    strand: Strand,
}

impl Reference<'_> {
    pub(crate) fn map(&mut self, life: &mut Life, strand: &mut Strand, at: u32) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        let NodeKind::Map(map) = &plan.nodes[at as usize].kind else { return self.dead("no foreach", "") };
        let Value::List(list) = self.eval(life, strand, &map.list)? else {
            return self.dead("no list", &plan.nodes[at as usize].id);
        };
        let items: Vec<Value> = list.iter().cloned().collect();
        if self.has_double_key(life, strand, map, &items)? {
            if self.stops(life, strand) {
                return Ok(Next::Ended(Done::Stopped));
            }
            let raised = Raised::new("DuplicateKey", Fields::default());
            return self.raise(life, strand, at, &map.handlers, raised);
        }
        if self.may_stop(life, strand) && self.choice.of(2) == 1 {
            return self.items_stopped(life, strand, at, map, &items);
        }
        match map.tolerated {
            Some(share) => self.tolerant(life, strand, at, map, &items, most(share, items.len())),
            None => self.strict(life, strand, at, map, &items),
        }
    }

    fn has_double_key(&self, life: &Life, strand: &Strand, map: &Map, items: &[Value]) -> Flow<bool> {
        let Some(key) = &map.key else { return Ok(false) };
        let mut keys: Vec<Value> = Vec::new();
        for item in items {
            let mut own = strand.clone();
            own.set(Some(map.item), item.clone());
            let key = self.eval(life, &own, key)?;
            if keys.contains(&key) {
                return Ok(true);
            }
            keys.push(key);
        }
        Ok(false)
    }

    /// One item. With one at a time, an item begins when the one before it has ended.
    #[expect(clippy::too_many_arguments, reason = "what an item is, and where it begins")]
    fn item(
        &mut self,
        life: &mut Life,
        strand: &Strand,
        at: u32,
        map: &Map,
        item: &Value,
        after: Vec<crate::story::Event>,
        stops: Stops,
    ) -> Flow<Ended> {
        let from = self.target(life, at, EdgeKind::Body)?;
        let mut own = Strand::new(strand.slots.clone(), after, stops, map.region, false);
        own.set(Some(map.item), item.clone());
        let done = self.walk(life, &mut own, from, Until::End(map.region))?;
        if matches!(done, Done::Returned(_) | Done::Restarted(_)) {
            return self.dead("an item left the workflow", "");
        }
        Ok(Ended { done, strand: own })
    }

    fn items_stopped(
        &mut self,
        life: &mut Life,
        strand: &mut Strand,
        at: u32,
        map: &Map,
        items: &[Value],
    ) -> Flow<Next> {
        let stops = self.around(life, strand);
        let (mut after, mut stopped) = (Vec::new(), false);
        let mut begins = strand.after.clone();
        for item in items {
            if stopped && map.limit == Some(1) {
                break;
            }
            let mut ended = self.item(life, strand, at, map, item, begins.clone(), stops)?;
            match &ended.done {
                Done::Raised(_) if map.tolerated.is_none() && ended.strand.shield.is_none() => {
                    return self.dead("an item failed first", "");
                }
                Done::Raised(_) => self.undo_strand(&mut ended.strand)?,
                done => {
                    stopped |= matches!(done, Done::Stopped);
                    if map.limit == Some(1) && !stopped {
                        begins = ended.strand.after.clone();
                    }
                    self.stop_strand(&mut ended.strand, &ended.done)?;
                }
            }
            after.push(ended.strand.after);
        }
        // A scope that undoes side by side does not wait for what is under way in it.
        if !life.plan.scopes[life.plan.nodes[at as usize].scope as usize].parallel_undo {
            strand.after = union(after);
        }
        Ok(Next::Ended(Done::Stopped))
    }

    /// The first item that fails ends the whole.
    fn strict(
        &mut self,
        life: &mut Life,
        strand: &mut Strand,
        at: u32,
        map: &Map,
        items: &[Value],
    ) -> Flow<Next> {
        let first = self.choice.of(1 + items.len() as u32).checked_sub(1).map(|first| first as usize);
        let around = self.around(life, strand);
        let (mut ends, mut begins) = (Vec::new(), strand.after.clone());
        let mut failed = None;
        for (number, item) in items.iter().enumerate() {
            let one_by_one = map.limit == Some(1);
            if one_by_one && failed.is_some() {
                break;
            }
            let beside = first.is_some_and(|first| first != number) && !one_by_one;
            let stops = if beside { Stops { beside: true, ..around } } else { Stops::default() };
            let ended = self.item(life, strand, at, map, item, begins.clone(), stops)?;
            match &ended.done {
                Done::Raised(raised) if first == Some(number) => failed = Some(raised.clone()),
                _ if first == Some(number) => return self.dead("the item does not fail", ""),
                Done::Raised(_) if !beside => return self.dead("an item fails", ""),
                _ => {}
            }
            if one_by_one {
                begins = ended.strand.after.clone();
            }
            ends.push(ended);
        }
        match failed {
            Some(raised) => {
                strand.after = self.undo_items(ends, &strand.after.clone())?;
                self.raise(life, strand, at, &map.handlers, raised)
            }
            None => self.items_joined(life, strand, at, map, ends),
        }
    }

    fn undo_items(
        &mut self,
        ends: Vec<Ended>,
        before: &[crate::story::Event],
    ) -> Flow<Vec<crate::story::Event>> {
        let mut after = vec![before.to_vec()];
        for mut ended in ends {
            self.undo_strand(&mut ended.strand)?;
            after.push(ended.strand.after);
        }
        Ok(union(after))
    }

    /// Items may fail; what they did is undone before they count.
    fn tolerant(
        &mut self,
        life: &mut Life,
        strand: &mut Strand,
        at: u32,
        map: &Map,
        items: &[Value],
        most: usize,
    ) -> Flow<Next> {
        let too_many = self.choice.of(2) == 1;
        let around = self.around(life, strand);
        let (mut ends, mut begins, mut failed) = (Vec::new(), strand.after.clone(), 0);
        for item in items {
            let one_by_one = map.limit == Some(1);
            if one_by_one && failed > most {
                break;
            }
            let beside = too_many && !one_by_one;
            let stops = if beside { Stops { beside: true, ..around } } else { Stops::default() };
            let mut ended = self.item(life, strand, at, map, item, begins.clone(), stops)?;
            if matches!(ended.done, Done::Raised(_)) {
                failed += 1;
                self.undo_strand(&mut ended.strand)?;
            }
            if one_by_one {
                begins = ended.strand.after.clone();
            }
            ends.push(ended);
        }
        if (failed > most) != too_many {
            return self.dead("another number of items failed", "");
        }
        if !too_many {
            return self.items_joined(life, strand, at, map, ends);
        }
        strand.after = self.undo_items(ends, &strand.after.clone())?;
        let count = |name: &str, value: usize| (Name::from(name), Value::Int(value as i64));
        // It is over with the first item too many, whatever else fails in a shield.
        let fields = Fields::new([count("failed", most + 1), count("total", items.len())]);
        self.raise(life, strand, at, &map.handlers, Raised::new("TooManyFailures", fields))
    }

    fn items_joined(
        &mut self,
        life: &Life,
        strand: &mut Strand,
        at: u32,
        map: &Map,
        ends: Vec<Ended>,
    ) -> Flow<Next> {
        let (mut values, mut errors, mut debts) = (Vec::new(), Vec::new(), Vec::new());
        let mut after = vec![strand.after.clone()];
        for mut ended in ends {
            if matches!(ended.done, Done::Raised(_)) {
                errors.push(Value::Unit);
            } else {
                let value =
                    map.value.and_then(|slot| ended.strand.slots.get(slot as usize).cloned().flatten());
                values.push(value.unwrap_or(Value::Unit));
                debts.push(Debt::Sequence(ended.strand.take_debts()));
            }
            after.push(ended.strand.after);
        }
        strand.after = union(after);
        strand.owe(Debt::Beside(debts));
        let value = match map.tolerated {
            // What is told of an error is not compared, only how many there are.
            Some(_) => {
                Value::record([("ok".into(), Value::list(values)), ("errors".into(), Value::list(errors))])
            }
            None => Value::list(values),
        };
        strand.set(map.result, value);
        self.goes_on(life, at)
    }

    pub(crate) fn repeat(&mut self, life: &mut Life, strand: &mut Strand, at: u32) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        let NodeKind::Loop(repeat) = &plan.nodes[at as usize].kind else { return self.dead("no repeat", "") };
        let from = self.target(life, at, EdgeKind::Body)?;
        for round in 0..repeat.times {
            Self::clear_round(life, strand, repeat);
            strand.set(repeat.round, Value::Int(i64::from(round)));
            match self.walk(life, strand, from, Until::End(repeat.region))? {
                Done::Reached => {}
                done => return Ok(Next::Ended(done)),
            }
            let over = repeat.until.as_ref().map(|until| self.bool(life, strand, until)).transpose()?;
            if over == Some(true) {
                break;
            }
        }
        self.goes_on(life, at)
    }

    fn clear_round(life: &Life, strand: &mut Strand, repeat: &Loop) {
        if let RegionKind::Round { first, end } = life.plan.regions[repeat.region as usize].kind {
            let end = (end as usize).min(strand.slots.len());
            strand.slots[(first as usize).min(end)..end].fill(None);
        }
    }
}

/// How many items may fail: a share in per cent, rounded down.
fn most(share: Decimal, items: usize) -> usize {
    (0..=items)
        .rev()
        .find(|failed| {
            let (failed, items) = (*failed as i64 * 100, items as i64);
            let allowed = share.to_string().parse::<f64>().unwrap_or_default() * items as f64;
            failed as f64 <= allowed
        })
        .unwrap_or_default()
}
