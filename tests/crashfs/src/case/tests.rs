//! A name gives its case back.

use super::*;
use crate::fault::Kind;

#[test]
fn a_name_gives_its_case_back() {
    let error = |kind, is_lasting| Plan::Single(Fault::Error { kind, at: 7, is_lasting });
    let mut plans = vec![
        Plan::Sound,
        Plan::Chain,
        Plan::Single(Fault::PowerCut { at: 3 }),
        Plan::Single(Fault::Kill { at: 4 }),
        Plan::Single(Fault::Full { at: 5 }),
    ];
    plans.extend(KINDS.map(|kind| error(kind, kind == Kind::Sync)));
    for plan in plans {
        let none = Lies::default();
        let lies = [
            none,
            Lies { ignores_sync: true, ..none },
            Lies { hides_failed_sync: true, ..none },
            Lies { skips_renewal: true, ..none },
        ];
        for lies in lies {
            let case = Case { seed: 11, steps: 9, plan, lies };
            assert_eq!(Case::parse(&case.to_string()), Some(case), "{case}");
        }
    }
    assert_eq!(Case::parse("11/9/burn:3"), None);
}
