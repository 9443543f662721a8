//! The machine against an unreliable world: every interleaving of lost, repeated and late answers,
//! refusals, cancellation and time, up to a depth, must keep what a saga promises.

use std::collections::{BTreeSet, VecDeque};

use super::machine::{Action, Next, Outcome, Pace, Phase, Progress, Status, Step};

const PACE: Pace = Pace { resend_us: 10, resend_max_us: 10, attempts_max: 4, deadline_us: 45 };

const fn command(name: &'static str, undo: Option<&'static str>) -> Step {
    Step { name, action: Action::Command { service: "s", does: name, undo }, pivot: false }
}

const STEPS: &[Step] = &[
    command("reserve", Some("release")),
    Step { name: "approve", action: Action::Wait { limit_us: 30 }, pivot: false },
    Step { name: "confirm", action: Action::Local, pivot: true },
    command("ship", None),
];

/// The saga and the world around it: what was sent, what participants did with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Model {
    progress: String,
    now_us: i64,
    /// Forward and undoing commands under way, by step.
    sent: BTreeSet<(usize, bool)>,
    /// Answers under way: step, undo, refused.
    answers: BTreeSet<(usize, bool, bool)>,
    /// What the participant of a step has decided: `Some(true)` did it, `Some(false)` refused.
    decided: [Option<bool>; 4],
    undone: [bool; 4],
    confirmed: bool,
    ended: Option<&'static str>,
}

struct World {
    model: Model,
    progress: Progress,
}

impl World {
    fn new() -> Self {
        let progress = Progress::new(STEPS.len(), PACE.deadline_us);
        let model = Model {
            progress: String::new(),
            now_us: 0,
            sent: BTreeSet::new(),
            answers: BTreeSet::new(),
            decided: [None; 4],
            undone: [false; 4],
            confirmed: false,
            ended: None,
        };
        let mut world = Self { model, progress };
        world.drive();
        world
    }

    fn fork(&self) -> Self {
        Self { model: self.model.clone(), progress: self.progress.clone() }
    }

    /// What the engine does in one transaction.
    fn drive(&mut self) {
        for _ in 0..20 {
            match self.progress.next(STEPS, PACE, self.model.now_us) {
                Next::Idle => {
                    self.model.progress = format!("{:?}", self.progress);
                    return;
                }
                Next::Send(index) => drop(self.model.sent.insert((index, false))),
                Next::Undo(index) => drop(self.model.sent.insert((index, true))),
                Next::Enter(2) => {
                    self.model.confirmed = true;
                    assert!(self.progress.done(2));
                }
                Next::Enter(_) => {}
                Next::Turn => assert!(!self.model.confirmed, "no way back after the pivot"),
                Next::End(outcome) => {
                    assert!(self.model.ended.is_none(), "ends once");
                    self.model.ended = Some(match outcome {
                        Outcome::Completed => "completed",
                        Outcome::Compensated => "compensated",
                        Outcome::Stuck => "stuck",
                    });
                    self.check_end(outcome);
                }
            }
        }
        panic!("the machine does not come to rest");
    }

    fn check_end(&self, outcome: Outcome) {
        let reserved = self.model.decided[0] == Some(true) && !self.model.undone[0];
        match outcome {
            Outcome::Completed => {
                assert!(reserved && self.model.confirmed, "{:?}", self.model);
                assert_eq!(self.model.decided[3], Some(true), "shipped");
            }
            Outcome::Compensated => {
                assert!(!reserved && !self.model.confirmed, "{:?}", self.model);
                assert_ne!(self.model.decided[3], Some(true), "not shipped");
            }
            Outcome::Stuck => {}
        }
    }

    /// Everything that may happen next.
    fn successors(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for &(index, undo) in &self.model.sent {
            for refuse in [false, true] {
                // Undoing and steps after the pivot may not be refused (`must_succeed`).
                if refuse && (undo || index == 3) {
                    continue;
                }
                all.push(self.participant_takes(index, undo, refuse, true));
                // The same, and the command arrives once more later.
                all.push(self.participant_takes(index, undo, refuse, false));
            }
        }
        for &(index, undo, refused) in &self.model.answers {
            for is_last in [true, false] {
                all.push(self.answer_arrives(index, undo, refused, is_last));
            }
            let mut lost = self.fork();
            lost.model.answers.remove(&(index, undo, refused));
            all.push(lost);
        }
        for granted in [true, false] {
            let mut next = self.fork();
            let heard = if granted {
                self.progress.steps[1].phase == Phase::Running && next.progress.done(1)
            } else {
                next.progress.refused(1, "DECLINED")
            };
            if heard {
                next.drive();
                all.push(next);
            }
        }
        let mut cancelled = self.fork();
        if cancelled.progress.cancel(STEPS, "CANCELLED") {
            cancelled.drive();
            all.push(cancelled);
        }
        if self.model.now_us < 100 && self.model.ended.is_none() {
            let mut later = self.fork();
            later.model.now_us += 10;
            later.drive();
            all.push(later);
        }
        all
    }

    /// A participant: the first command decides, repeats get the first answer; commands of one
    /// saga arrive in the order they were first sent, so an undo never overtakes its step.
    fn participant_takes(&self, index: usize, undo: bool, refuse: bool, is_last: bool) -> Self {
        let mut next = self.fork();
        if undo && next.model.decided[index].is_none() {
            next.model.decided[index] = Some(true);
        }
        if undo {
            next.model.undone[index] = true;
            next.model.answers.insert((index, true, false));
        } else {
            let did = *next.model.decided[index].get_or_insert(!refuse);
            next.model.answers.insert((index, false, !did));
        }
        if is_last {
            next.model.sent.remove(&(index, undo));
        }
        next
    }

    fn answer_arrives(&self, index: usize, undo: bool, refused: bool, is_last: bool) -> Self {
        let mut next = self.fork();
        if is_last {
            next.model.answers.remove(&(index, undo, refused));
        }
        if undo {
            next.progress.undone(index);
        } else if refused {
            next.progress.refused(index, "REFUSED");
        } else {
            next.progress.done(index);
        }
        next.drive();
        next
    }
}

#[test]
fn every_interleaving_keeps_the_promises() {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from([World::new()]);
    let mut ends = BTreeSet::new();
    while let Some(world) = queue.pop_front() {
        if !seen.insert(world.model.clone()) {
            continue;
        }
        ends.extend(world.model.ended);
        queue.extend(world.successors());
    }
    assert!(seen.len() > 5_000, "the model has {} states", seen.len());
    assert_eq!(ends, BTreeSet::from(["completed", "compensated", "stuck"]));
}

/// With participants that answer, time alone brings every saga to an end.
#[test]
fn a_fair_world_ends_every_saga() {
    for approve in [Some(true), Some(false), None] {
        for refuse in [false, true] {
            let mut world = World::new();
            for _ in 0..20 {
                let sent = std::mem::take(&mut world.model.sent);
                for (index, undo) in sent {
                    world = world.participant_takes(index, undo, refuse && index == 0, true);
                }
                for (index, undo, refused) in std::mem::take(&mut world.model.answers) {
                    world = world.answer_arrives(index, undo, refused, true);
                }
                match approve {
                    Some(true) if world.progress.done(1) => world.drive(),
                    Some(false) if world.progress.refused(1, "DECLINED") => world.drive(),
                    _ => {}
                }
                world.model.now_us += 10;
                world.drive();
            }
            let completes = approve == Some(true) && !refuse;
            let expected = if completes { Status::Completed } else { Status::Compensated };
            assert_eq!(world.progress.status, expected, "approve {approve:?}, refuse {refuse}");
        }
    }
}

#[test]
fn a_stuck_saga_goes_on_after_a_retry() {
    let mut progress = Progress::new(STEPS.len(), 1_000_000);
    assert_eq!(progress.next(STEPS, PACE, 0), Next::Send(0));
    assert!(progress.done(0));
    assert_eq!(progress.next(STEPS, PACE, 0), Next::Enter(1));
    assert!(progress.refused(1, "DECLINED"));
    assert_eq!(progress.next(STEPS, PACE, 0), Next::Turn);
    let mut now = 0;
    while progress.status == Status::Compensating {
        progress.next(STEPS, PACE, now);
        now += 10;
    }
    assert_eq!(progress.status, Status::Stuck);
    assert!(progress.retry());
    assert_eq!(progress.next(STEPS, PACE, now), Next::Undo(0));
    progress.undone(0);
    assert_eq!(progress.next(STEPS, PACE, now), Next::End(Outcome::Compensated));
    assert!(!progress.retry());
}
