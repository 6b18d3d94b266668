//! The desk that gives out permits: the limits of operations hold for all partitions of the process together.

use tokio::sync::mpsc;
use wfl_journal::Clock;
use wfl_partition::{Event, Gates, Permits};

use crate::shard::{Message, PermitRequest, now, sleep_until};

/// Gives out permits until nobody can ask any more. `shards` are the partitions in their order.
pub(crate) async fn run(
    mut gates: Gates,
    mut requests: mpsc::UnboundedReceiver<PermitRequest>,
    shards: Vec<mpsc::UnboundedSender<Message>>,
    clock: Clock,
) {
    loop {
        let granted = tokio::select! {
            request = requests.recv() => match request {
                Some(PermitRequest::Ask(partition, operation, count)) => {
                    gates.ask(now(&clock), partition, &operation, count)
                }
                Some(PermitRequest::Return(operation, count)) => gates.give_back(now(&clock), &operation, count),
                None => return,
            },
            () = sleep_until(gates.next_grant(), &clock) => gates.grant(now(&clock)),
        };
        for Permits { partition, operation, count } in granted {
            if let Some(shard) = shards.get(partition.0 as usize) {
                // A shard that has ended sends nothing any more.
                let _ = shard.send(Message::Fetched(Event::Permits(operation, count)));
            }
        }
    }
}
