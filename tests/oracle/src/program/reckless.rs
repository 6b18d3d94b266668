//! Programs of people in a hurry: drawn with care, and then changed in a few places without a thought for the rules.

use wfl_sim::Random;

use crate::program::generate::program;
use crate::program::tree::{Program, Statement};

/// The reckless program of a seed. It need not compile.
pub fn reckless(seed: u64) -> Program {
    let mut random = Random::new(seed ^ 0x5eed_0bad);
    let mut program = program(seed);
    for change in 0..1 + random.below(3) {
        let at = random.below(program.workflows.len() as u64) as usize;
        // The last one is started, and the others only if it says so.
        let at = if random.below(3) > 0 { program.workflows.len() - 1 } else { at };
        let body = &mut program.workflows[at].1;
        match random.below(10) {
            0 | 1 => forget(body, "rollback", &mut random),
            2 => forget(body, "commit", &mut random),
            3 => forget(body, " retry forever(every: 30s)", &mut random),
            4 => same_key(body, &mut random),
            _ => insert(body, change, &mut random),
        }
    }
    if random.below(8) == 0 {
        let count = 1 + random.below(2);
        let approvals = if count > 1 { " approvals 2" } else { "" };
        program.declarations.push_str(&format!(
            "\npolicy \"somebody looks at it\" {{ call Rail.fax requires human role \"clerk\"{approvals} }}\n"
        ));
    }
    program
}

/// Calls `on` for each statement, and each text of it.
fn each(body: &mut [Statement], on: &mut dyn FnMut(&mut String)) {
    for statement in body {
        on(&mut statement.head);
        for (inner, tail) in &mut statement.blocks {
            each(inner, on);
            on(tail);
        }
    }
}

/// Takes a word away, in one of the places where it stands.
fn forget(body: &mut [Statement], word: &str, random: &mut Random) {
    let mut places = 0;
    each(body, &mut |text| places += u64::from(text.contains(word)));
    if places == 0 {
        return;
    }
    let mut left = random.below(places);
    each(body, &mut |text| {
        if text.contains(word) {
            if left == 0 {
                *text = text.replacen(word, "", 1);
            }
            left = left.wrapping_sub(1);
        }
    });
}

/// Gives a step the key of another one.
fn same_key(body: &mut [Statement], random: &mut Random) {
    let key = |text: &str| {
        let (_, rest) = text.split_once("(key: \"")?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let mut keys = Vec::new();
    each(body, &mut |text| keys.extend(key(text)));
    let (Some(one), Some(other)) = (random.pick(&keys).cloned(), random.pick(&keys).cloned()) else { return };
    let suffix = |key: &str| key.rsplit('-').next().unwrap_or_default().to_owned();
    let (from, to) = (format!("-{}\"", suffix(&one)), format!("-{}\"", suffix(&other)));
    each(body, &mut |text| *text = text.replacen(&from, &to, 1));
}

/// Puts a statement somewhere.
fn insert(body: &mut Vec<Statement>, number: u64, random: &mut Random) {
    let key = format!("key: \"{{workflow.key}}-{{n}}-z{number}\"");
    let statement = match random.below(9) {
        0 => "if n > 1 { return 7 }".to_owned(),
        1 => format!("pivot step z{number} = Rail.send({key})"),
        2 => format!("step z{number} = Bank.note({key})"),
        3 | 4 => format!("step z{number} = Shop.take({key})"),
        5 => "if n < 2 { restart(id: id, n: n + 1) }".to_owned(),
        6 => "commit".to_owned(),
        7 => format!("step z{number} = Shop.take({key}) {{ retry forever(every: 30s) }}"),
        _ => "if n > 2 { fail Denied }".to_owned(),
    };
    let mut places = 0;
    blocks(body, &mut |_| places += 1);
    let mut left = random.below(places);
    let at = random.number();
    blocks(body, &mut |block| {
        if left == 0 {
            let most = block.len() as u64;
            block.insert((at % most.max(1)) as usize, Statement::line(statement.clone()));
        }
        left = left.wrapping_sub(1);
    });
}

fn blocks(body: &mut Vec<Statement>, on: &mut dyn FnMut(&mut Vec<Statement>)) {
    on(body);
    for statement in body {
        statement.blocks.iter_mut().for_each(|(inner, _)| blocks(inner, on));
    }
}
