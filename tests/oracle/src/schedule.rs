//! How a program is run: what fails, what somebody sends, and what the reference has to allow because of that.

use wfl_ir::{Duration, Plan, Value};
use wfl_machine::{CancelMode, Control, Input, Signal};
use wfl_sim::{Fault, Random, Rates, Setup};

use crate::interpret::{Allowed, Messages};
use crate::world::World;

/// What happens to a run.
pub(crate) struct Schedule {
    pub(crate) setup: Setup,
    pub(crate) allowed: Allowed,
    pub(crate) world: World,
    pub(crate) messages: Messages,
    /// What is sent, and after how many microseconds.
    pub(crate) inputs: Vec<(i64, Input)>,
    /// The input of the program.
    pub(crate) number: i64,
}

impl Schedule {
    /// The schedule of a seed.
    pub(crate) fn new(seed: u64, plan: &Plan) -> Schedule {
        let mut random = Random::new(seed);
        let calm = random.below(4) == 0;
        let late = !calm && random.below(3) == 0;
        let setup = setup(seed, calm, late, &mut random);
        let world = World::new(random.number(), [0, 10, 25, 40][random.below(4) as usize]);
        let deadline = plan.deadline.is_some();
        let allowed = Allowed { faults: !calm, late, stops: deadline, deadline, keeps: false };
        let (messages, inputs) = (Messages { seed, ..Messages::default() }, Vec::new());
        let number = random.below(4) as i64;
        let mut schedule = Schedule { setup, allowed, world, messages, inputs, number };
        let often = [300_000, 5_000_000, 400_000_000, 20_000_000_000][random.below(4) as usize];
        if random.below(3) == 0 {
            schedule.cancel(often, &mut random);
        }
        if random.below(6) == 0 {
            schedule.pause(often, &mut random);
        }
        schedule.signals(often, &mut random);
        schedule
    }

    fn cancel(&mut self, often: u64, random: &mut Random) {
        self.allowed.stops = true;
        self.allowed.keeps = random.below(4) == 0;
        let mode = if self.allowed.keeps { CancelMode::Stop } else { CancelMode::Compensate };
        let grace = (random.below(2) == 0).then(|| Duration::from_secs(20));
        let (reason, request) = ("enough".to_owned(), "cancel".to_owned());
        let control = Control::Cancel { mode, reason, grace, request };
        self.inputs.push((random.below(often) as i64, Input::Control(control)));
    }

    fn pause(&mut self, often: u64, random: &mut Random) {
        // Time may be used up in a pause.
        self.allowed.faults = true;
        let when = random.below(often) as i64;
        let undo = random.below(2) == 0;
        let pause = Control::Pause { undo, reason: "wait".into(), request: "pause".into() };
        self.inputs.push((when, Input::Control(pause)));
        // Not so soon that it could come first, should the pause have to be sent again.
        let after = [90_000_000, 10_000_000_000][random.below(2) as usize];
        let when = when + 5_000_000 + random.below(after) as i64;
        self.inputs.push((when, Input::Control(Control::Resume { request: "resume".into() })));
    }

    fn signals(&mut self, often: u64, random: &mut Random) {
        for number in 0..random.below(4) {
            let value = random.below(10) as i64;
            let payload = value.to_string().into_bytes();
            let signal = Signal { channel: "go".into(), id: format!("m{number}"), payload };
            let when = random.below(often * 10) as i64;
            // One that is sent again is the same message.
            let again = (random.below(2) == 0).then(|| (when + 1_000_000, Input::Signal(signal.clone())));
            self.inputs.extend(again);
            self.inputs.push((when, Input::Signal(signal)));
            self.messages.sent.entry("go".into()).or_default().push(Value::Int(value));
        }
        if random.below(3) == 0 {
            // Of another type: it is refused.
            let signal = Signal { channel: "go".into(), id: "bad".into(), payload: b"\"x\"".to_vec() };
            self.inputs.push((random.below(often) as i64, Input::Signal(signal)));
        }
    }
}

fn setup(seed: u64, calm: bool, late: bool, random: &mut Random) -> Setup {
    let mut setup = if calm { Setup::plain(seed) } else { Setup::of_seed(seed) };
    // People make of an answer without meaning what they like.
    setup.rates = setup.rates.with(Fault::Garbled, 0);
    if !late {
        setup.rates = setup.rates.with(Fault::LateAnswer, 0);
    }
    if setup.rates.of(Fault::ClockJump) > 0 {
        // A clock that is wrong lets no attempt succeed; it is set right before people give up.
        setup.quiet_after = setup.quiet_after.min(120);
    }
    if random.below(5) == 0 {
        // The network is so bad that attempts are used up.
        setup.rates = setup.rates.with(Fault::RequestLost, 250_000).with(Fault::Unavailable, 200_000);
    }
    if calm {
        setup.rates = Rates::none();
    }
    setup
}
