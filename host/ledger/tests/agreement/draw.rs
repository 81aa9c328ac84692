//! How steps are drawn.

use super::submissions::batch;
use super::*;

fn draft(overlap: impl Strategy<Value = Overlap> + 'static) -> impl Strategy<Value = Draft> {
    let cause = prop_oneof![
        4 => Just(Cause::Schedule),
        1 => Just(Cause::Manual),
        1 => Just(Cause::After),
        2 => Just(Cause::Backfill),
        1 => Just(Cause::Enqueued),
    ];
    let end = || prop_oneof![3 => Just(None), 1 => (-2..40_i64).prop_map(Some)];
    let not_before = prop_oneof![2 => Just(0), 1 => -20..0_i64, 1 => 0..20_i64];
    let line = (prop::sample::select(vec![0, 0, 7, 255]), 0..2_usize, prop::bool::weighted(0.2));
    (0..2_usize, overlap, 0..40_i64, not_before, cause, end(), end(), line).prop_map(
        |(schedule, overlap, due, not_before, cause, start_by, expires_at, (priority, queue, gpu))| Draft {
            schedule,
            overlap,
            due,
            not_before,
            cause,
            start_by,
            expires_at,
            priority,
            queue,
            gpu,
        },
    )
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let over = |state| Verdict::Final { state, reason: None };
    prop_oneof![
        4 => Just(over(RunState::Succeeded)),
        1 => Just(over(RunState::Failed)),
        1 => Just(over(RunState::Cancelled)),
        2 => (0..30_i64, any::<bool>()).prop_map(|(after, counted)| Verdict::Again { not_before: second(after), counted }),
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    let total = prop::option::weighted(0.3, 0..4_usize);
    (prop::option::of(any::<bool>()), total).prop_map(|(gpu, total)| Scope { gpu, total })
}

pub fn steps(overlap: impl Strategy<Value = Overlap> + Clone + 'static) -> impl Strategy<Value = Vec<Step>> {
    let drafts = |most| prop::collection::vec(draft(overlap.clone()), 0..most);
    let skip = prop::option::weighted(0.2, 0..40_i64);
    let step = prop_oneof![
        2 => (1..40_u64).prop_map(Step::Pass),
        6 => (drafts(5), skip, prop::option::of(0..3_usize), scope())
            .prop_map(|(fires, skip, places, scope)| Step::Claim { fires, skip, places, scope }),
        4 => (0..4_usize, [0..3_usize, 0..3], prop::option::weighted(0.4, 0..3_usize), scope())
            .prop_map(|(places, rooms, of_plugin, scope)| Step::Lease(places, rooms, of_plugin, scope)),
        4 => batch(overlap.clone()).prop_map(Step::Submit),
        5 => (prop::collection::vec(any::<usize>(), 1..3), verdict(), drafts(2), prop::option::of(0..4_usize))
            .prop_map(|(held, verdict, then, failing)| Step::Settle { held, verdict, then, failing }),
        1 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => Just(Step::Beat),
        1 => Just(Step::Rescue),
        1 => any::<bool>().prop_map(Step::Remove),
        1 => [prop::option::of(1..4_u32), prop::option::of(1..4_u32)].prop_map(Step::Bound),
    ];
    prop::collection::vec(step, 1..40)
}

pub fn any_overlap() -> impl Strategy<Value = Overlap> + Clone {
    prop::sample::select(Overlap::ALL.to_vec())
}
