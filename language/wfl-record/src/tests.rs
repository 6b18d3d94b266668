//! Tests of the envelope: frozen bytes, damage of every bit, identities.

use super::*;

fn sample() -> Envelope {
    Envelope {
        namespace: Namespace::default(),
        tenant: Some("acme".into()),
        instance: InstanceId::derive(&Namespace::default(), "payments.transfer.TransferFunds", b"k1"),
        message_id: MessageId::new("start"),
        kind: Kind::START,
        version: 1,
        actor: Some("cli".into()),
        key_id: None,
        trace: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        payload: b"{\"x\":1}".to_vec(),
    }
}

#[test]
fn a_record_survives_its_bytes() {
    let record = sample();
    assert_eq!(Envelope::decode(&record.encode()), Ok(record));
}

#[test]
fn format_1_is_frozen() {
    let hex = data_encoding::HEXLOWER.encode(&sample().encode());
    assert_eq!(hex, include_str!("../testdata/format-1.hex").trim());
}

#[test]
fn a_reference_is_frozen_and_never_taken_for_a_payload() {
    let (plain, mut record) = (sample(), sample());
    let reference = Reference { hash: [7; 32], length: 3 << 20 };
    assert_eq!((Reference::is_in(&record), Reference::of(&record)), (false, None));
    reference.put(&mut record);
    assert_eq!(record.version, 0x8001, "a version that no build without references knows");
    let hex = data_encoding::HEXLOWER.encode(&record.encode());
    assert_eq!(hex, include_str!("../testdata/format-1-reference.hex").trim());
    let mut record = Envelope::decode(&record.encode()).unwrap_or_else(|_| sample());
    assert_eq!(Reference::of(&record), Some(reference));
    Reference::take(&mut record, plain.payload.clone());
    assert_eq!(record, plain);
    reference.put(&mut record);
    record.payload.pop();
    assert_eq!((Reference::is_in(&record), Reference::of(&record)), (true, None), "cut short");
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = sample().encode();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Envelope::decode(&damaged).is_err(), "bit {bit} was flipped unnoticed");
    }
}

#[test]
fn every_cut_is_noticed() {
    let bytes = sample().encode();
    for length in 0..bytes.len() {
        assert!(Envelope::decode(&bytes[..length]).is_err(), "cut at {length} unnoticed");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(Envelope::decode(&longer), Err(DecodeError::Trailing(1)));
}

#[test]
fn a_later_format_is_named() {
    let mut bytes = sample().encode();
    bytes[4..6].copy_from_slice(&7u16.to_le_bytes());
    let end = bytes.len() - 8;
    let sum = xxhash_rust::xxh3::xxh3_64(&bytes[..end]);
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    assert_eq!(Envelope::decode(&bytes), Err(DecodeError::Format(7)));
}

#[test]
fn instance_ids_read_back_and_do_not_run_together() {
    let ns = Namespace::default();
    let id = InstanceId::derive(&ns, "w", b"key");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(id.to_string().len(), 26);
    assert_ne!(InstanceId::derive(&ns, "wk", b"ey"), id);
    for bad in ["", "abc", "1111111111111111111111111!", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"] {
        assert!(bad.parse::<InstanceId>().is_err(), "{bad:?} was taken");
    }
}

#[test]
fn partitions_are_pinned() {
    let id = InstanceId([7; 16]);
    assert_eq!(
        (partition_of(&id, 4), partition_of(&id, 16), partition_of(&id, 0)),
        (Partition(3), Partition(3), Partition(0))
    );
}

#[test]
fn namespaces_are_plain() {
    for bad in ["", "A", "a.b", "a/b", "ä"] {
        assert!(bad.parse::<Namespace>().is_err(), "{bad:?} was taken");
    }
    assert!("prod-eu_1".parse::<Namespace>().is_ok());
}

#[test]
fn a_long_message_id_is_hashed() {
    let long = "x".repeat(MAX_MESSAGE_ID_BYTES + 1);
    assert_eq!(MessageId::new(&long).as_str().len(), 66);
    assert_eq!(MessageId::new(&long), MessageId::new(&long));
}
