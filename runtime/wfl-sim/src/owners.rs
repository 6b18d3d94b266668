//! Which process owns a partition: for a while it may be several, or none.

use wfl_partition::{Event, Role};

use crate::node::Node;
use crate::sim::{Happening, MILLI, Sim};

impl Sim {
    /// Whoever watches over the partitions gives an owner to those that have none. False when all have.
    pub(crate) fn give_owners(&mut self) -> bool {
        let mut given = false;
        for partition in 0..self.setup.partitions {
            let owned = self.nodes.iter().any(|node| node.alive && node.owns[partition as usize]);
            let heir = self.nodes.iter().position(|node| node.alive);
            if let Some(heir) = heir.filter(|_| !owned) {
                self.later(0, Happening::Own(heir as u32, partition));
                given = true;
            }
        }
        given
    }

    /// In the end there is one owner of each partition.
    pub(crate) fn name_owners(&mut self) {
        for partition in 0..self.setup.partitions {
            let owner = self.nodes.iter().position(|node| node.alive && node.owns[partition as usize]);
            if let Some(owner) = owner {
                self.others_stand_by(owner as u32, partition);
            }
        }
    }

    fn others_stand_by(&mut self, owner: u32, partition: u32) {
        for other in (0..self.setup.nodes).filter(|other| *other != owner) {
            let Node { alive, life, owns, .. } = &self.nodes[other as usize];
            if *alive && owns[partition as usize] {
                self.later(0, Happening::Disown(other, *life, partition));
            }
        }
    }

    /// A process takes a partition over, once it has read the whole log.
    pub(crate) fn own(&mut self, node: u32, partition: u32) {
        let log = self.journal.log(partition).len();
        let Node { alive, life, read, .. } = &self.nodes[node as usize];
        if !alive {
            return;
        }
        if read[partition as usize] < log {
            self.reads_on(node, partition);
            return self.later(5 * MILLI, Happening::Own(node, partition));
        }
        let life = *life;
        self.nodes[node as usize].owns[partition as usize] = true;
        if self.faults.quiet {
            self.others_stand_by(node, partition);
        }
        self.deliver(node, life, partition, Event::Role(Role::Owner));
    }
}
