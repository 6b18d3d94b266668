//! Choices that the world makes: each run of the interpreter takes one of them at each place, and the next run another.

/// One way through all choices; the first one takes the first option everywhere.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// What was taken, and of how many options.
    taken: Vec<(u32, u32)>,
    at: usize,
}

impl Choice {
    /// The option to take here.
    pub fn of(&mut self, options: u32) -> u32 {
        if options < 2 {
            return 0;
        }
        let taken = match self.taken.get(self.at) {
            Some((taken, _)) => *taken,
            None => {
                self.taken.push((0, options));
                0
            }
        };
        self.at += 1;
        taken
    }

    /// Goes on to the next way. False when all have been gone.
    pub fn advance(&mut self) -> bool {
        self.taken.truncate(self.at);
        self.at = 0;
        while let Some((taken, options)) = self.taken.pop() {
            if taken + 1 < options {
                self.taken.push((taken + 1, options));
                return true;
            }
        }
        false
    }
}
