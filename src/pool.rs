//! Work on many things side by side, a few at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `work` for 0, 1, ... `count - 1` on up to `jobs` threads, begun in this order. Before each
/// one `begin` is asked whether it may still begin; what it says no to has no result.
pub fn side_by_side<T: Send>(
    jobs: usize,
    count: usize,
    begin: impl Fn(usize) -> bool + Sync,
    work: impl Fn(usize) -> T + Sync,
) -> Vec<Option<T>> {
    let slots: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            let Some(slot) = slots.get(at) else { break };
            if begin(at) {
                let done = work(at);
                *lock(slot) = Some(done);
            }
        }
    };
    match jobs.min(count) {
        // Nobody else: nothing is gained by another thread.
        0 | 1 => worker(),
        threads => std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(worker);
            }
        }),
    }
    slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)).collect()
}

/// Does both, at once where that saves time.
pub fn both<A: Send, B>(at_once: bool, aside: impl FnOnce() -> A + Send, here: impl FnOnce() -> B) -> (A, B) {
    if !at_once {
        return (aside(), here());
    }
    std::thread::scope(|scope| {
        let aside = scope.spawn(aside);
        let here = here();
        (aside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), here)
    })
}

/// Locks; what a thread that panicked left is as good as any.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn results_are_in_order_and_no_more_than_jobs_are_under_way() {
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let done = side_by_side(
            3,
            20,
            |at| at != 7,
            |at| {
                most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                under_way.fetch_sub(1, Ordering::SeqCst);
                at * 2
            },
        );
        let wanted: Vec<Option<usize>> = (0..20).map(|at| (at != 7).then_some(at * 2)).collect();
        assert_eq!(done, wanted);
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn it_is_side_by_side() {
        // Each waits for the other: one after the other would never end.
        let both = Barrier::new(2);
        assert_eq!(side_by_side(2, 2, |_| true, |_| both.wait().is_leader()).len(), 2);
    }
}
