//! Services that do what a path needs.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use wfl_ir::{Fields, Operation, Plan};
use wfl_machine::CallEffect;
use wfl_oracle::World;
use wfl_sim::{Reply, Scripted};

use crate::stage::{Does, Stage, declared};

/// What services do on a stage.
pub struct Acting {
    does: BTreeMap<String, Does>,
    stuck: Vec<String>,
    first: Option<String>,
    world: World,
    /// Whether the first step was called.
    called: AtomicBool,
    /// By step: the arguments of its first call.
    firsts: Mutex<BTreeMap<String, Fields>>,
}

impl Acting {
    pub fn of(stage: &Stage) -> Acting {
        Acting {
            does: stage.does.clone(),
            stuck: stage.stuck.clone(),
            first: stage.first.clone(),
            world: World::new(7, 0),
            called: AtomicBool::new(false),
            firsts: Mutex::default(),
        }
    }

    pub fn call(&self, plan: &Plan, operation: &Operation, effect: &CallEffect) -> Scripted {
        let step = effect.call.step.as_str();
        if self.first.as_deref() == Some(step) {
            self.called.store(true, Ordering::Relaxed);
        }
        if self.stuck.iter().any(|name| step.split('/').next() == Some(name)) {
            return Scripted::Away;
        }
        let late = |does: &Does| match (self.called.load(Ordering::Relaxed), does) {
            (false, _) => Does::Away,
            (true, does) => does.clone(),
        };
        let does = match self.does.get(step).cloned().unwrap_or(Does::Succeeds) {
            Does::Later(does) => late(&does),
            Does::FirstThenLater(does) => {
                let mut firsts = self.firsts.lock().unwrap_or_else(|broken| broken.into_inner());
                let first = firsts.entry(step.to_owned()).or_insert_with(|| effect.args.clone());
                if *first == effect.args { Does::Succeeds } else { late(&does) }
            }
            does => does,
        };
        match does {
            Does::Away => Scripted::Away,
            Does::Silent => Scripted::Silent,
            Does::Declares(error) => Scripted::Says(Reply::Declares(error, declared(plan, error))),
            _ => Scripted::Says(self.world.reply(plan, operation, &effect.args)),
        }
    }
}
