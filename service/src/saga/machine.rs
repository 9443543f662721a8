//! The saga's decisions, without I/O: given what is known and the time, what comes next.
//!
//! The caller asks [`Progress::next`] until it says [`Next::Idle`], carries each answer out, and
//! reports what became of it. All of it happens in one transaction, so the machine may assume that
//! what it decided was done.

/// One step of a definition.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub name: &'static str,
    pub action: Action,
    /// When it is done there is no way back.
    pub pivot: bool,
}

/// What a step does.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// Asks another service; `undo` is the command that compensates.
    Command { service: &'static str, does: &'static str, undo: Option<&'static str> },
    /// An effect in the orchestrator's own transaction.
    Local,
    /// Waits for a signal from outside, at most so long.
    Wait { limit_us: i64 },
}

/// How patient a saga is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Wait for an answer before a command is sent again; doubles each time.
    pub resend_us: i64,
    pub resend_max_us: i64,
    /// Sendings of a command that must succeed before the saga is stuck.
    pub attempts_max: u32,
    /// From the start until a saga that has not passed its pivot turns back.
    pub deadline_us: i64,
}

/// Where the saga stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Running,
    Compensating,
    Completed,
    Compensated,
    Stuck,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Pending,
    /// Sent, entered or waiting; what came of it is not known yet.
    Running,
    Done,
    Skipped,
    Refused,
    Undoing,
    Undone,
}

/// How a saga ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    Compensated,
    /// Not an end but a stop: a person has to look.
    Stuck,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing before an answer, a signal or [`Progress::due_us`].
    Idle,
    /// Send the command of this step (again).
    Send(usize),
    /// Send the compensation of this step (again).
    Undo(usize),
    /// Enter this local or waiting step.
    Enter(usize),
    /// Tell the definition that the saga turns back.
    Turn,
    /// Tell the definition that it has ended.
    End(Outcome),
}

/// Reason of a saga that was not decided in time.
pub const TIMED_OUT: &str = "TIMED_OUT";

/// What is known of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    pub phase: Phase,
    pub attempts: u32,
    /// When to try again or to give up waiting; 0: never.
    pub due_us: i64,
    pub error: String,
}

/// What is known of a saga.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub status: Status,
    /// Somebody wants it to turn at the next border of a step.
    pub cancelled: bool,
    /// Why it turned; empty while it runs well.
    pub reason: String,
    pub deadline_us: i64,
    pub steps: Vec<StepState>,
}

impl Progress {
    #[must_use]
    pub fn new(steps: usize, deadline_us: i64) -> Self {
        let pending =
            StepState { phase: Phase::Pending, attempts: 0, due_us: 0, error: String::new() };
        Self {
            status: Status::Running,
            cancelled: false,
            reason: String::new(),
            deadline_us,
            steps: vec![pending; steps],
        }
    }

    /// Decides and notes the decision. `definition` has as many steps as this progress.
    pub fn next(&mut self, definition: &[Step], pace: Pace, now_us: i64) -> Next {
        assert_eq!(definition.len(), self.steps.len(), "progress belongs to its definition");
        match self.status {
            Status::Running => self.next_forward(definition, pace, now_us),
            Status::Compensating => self.next_backward(definition, pace, now_us),
            Status::Completed | Status::Compensated | Status::Stuck => Next::Idle,
        }
    }

    fn next_forward(&mut self, definition: &[Step], pace: Pace, now_us: i64) -> Next {
        let past_pivot = self.past_pivot(definition);
        if !past_pivot && now_us >= self.deadline_us {
            self.set_reason(TIMED_OUT);
        }
        let open =
            self.steps.iter().position(|step| !matches!(step.phase, Phase::Done | Phase::Skipped));
        if !past_pivot && self.must_turn(definition, open, now_us) {
            self.status = Status::Compensating;
            return Next::Turn;
        }
        let Some(index) = open else {
            self.status = Status::Completed;
            return Next::End(Outcome::Completed);
        };
        let action = definition[index].action;
        let step = &mut self.steps[index];
        match (step.phase, action) {
            (Phase::Pending, Action::Command { .. }) => {
                step.start(now_us + pace.resend_us);
                Next::Send(index)
            }
            (Phase::Pending, Action::Local) => {
                step.start(now_us);
                Next::Enter(index)
            }
            (Phase::Pending, Action::Wait { limit_us }) => {
                step.start(now_us + limit_us);
                Next::Enter(index)
            }
            (Phase::Running, _) if now_us < step.due_us => Next::Idle,
            (Phase::Running, Action::Command { .. }) => {
                if past_pivot && step.attempts >= pace.attempts_max {
                    return self.stuck();
                }
                step.again(pace, now_us);
                Next::Send(index)
            }
            (Phase::Running, Action::Local) => Next::Enter(index),
            (Phase::Running, Action::Wait { .. }) => {
                step.end(Phase::Refused, TIMED_OUT);
                self.set_reason(TIMED_OUT);
                self.status = Status::Compensating;
                Next::Turn
            }
            // A refusal before the pivot turns above; after it nobody may refuse.
            (_, _) => self.stuck(),
        }
    }

    /// Whether the saga turns here: something asks for it, and no command is under way whose
    /// answer would tell whether there is something to undo (after the deadline it does not wait
    /// for that answer but undoes in any case).
    fn must_turn(&mut self, definition: &[Step], open: Option<usize>, now_us: i64) -> bool {
        if !self.cancelled && self.reason.is_empty() {
            return false;
        }
        let Some(index) = open else { return false };
        match (self.steps[index].phase, definition[index].action) {
            (Phase::Running, Action::Command { .. }) => now_us >= self.deadline_us,
            (Phase::Running, Action::Wait { .. }) => {
                let reason = self.reason.clone();
                self.steps[index].end(Phase::Refused, &reason);
                true
            }
            _ => true,
        }
    }

    fn next_backward(&mut self, definition: &[Step], pace: Pace, now_us: i64) -> Next {
        for index in (0..self.steps.len()).rev() {
            let Action::Command { undo: Some(_), .. } = definition[index].action else { continue };
            let step = &mut self.steps[index];
            match step.phase {
                // Running: what came of it is unknown, so it is undone as if it had been done.
                Phase::Done | Phase::Running => {
                    step.phase = Phase::Undoing;
                    step.attempts = 1;
                    step.due_us = now_us + pace.resend_us;
                    return Next::Undo(index);
                }
                Phase::Undoing if now_us < step.due_us => return Next::Idle,
                Phase::Undoing if step.attempts >= pace.attempts_max => return self.stuck(),
                Phase::Undoing => {
                    step.again(pace, now_us);
                    return Next::Undo(index);
                }
                Phase::Pending | Phase::Skipped | Phase::Refused | Phase::Undone => {}
            }
        }
        self.status = Status::Compensated;
        Next::End(Outcome::Compensated)
    }

    fn stuck(&mut self) -> Next {
        self.status = Status::Stuck;
        Next::End(Outcome::Stuck)
    }

    fn set_reason(&mut self, reason: &str) {
        if self.reason.is_empty() {
            reason.clone_into(&mut self.reason);
        }
    }

    /// The step succeeded; `false` when that is not news.
    pub fn done(&mut self, index: usize) -> bool {
        let open = self.is_open(index);
        if open {
            self.steps[index].end(Phase::Done, "");
        }
        open
    }

    /// The step was refused; `false` when that is not news.
    pub fn refused(&mut self, index: usize, reason: &str) -> bool {
        let open = self.is_open(index);
        if open {
            self.steps[index].end(Phase::Refused, reason);
            self.set_reason(reason);
        }
        open
    }

    fn is_open(&self, index: usize) -> bool {
        self.status == Status::Running && self.steps[index].phase == Phase::Running
    }

    /// The step has nothing to do.
    pub fn skip(&mut self, index: usize) {
        if self.steps[index].phase == Phase::Running {
            self.steps[index].end(Phase::Skipped, "");
        }
    }

    /// The step was compensated.
    pub fn undone(&mut self, index: usize) {
        if self.steps[index].phase == Phase::Undoing {
            self.steps[index].end(Phase::Undone, "");
        }
    }

    /// Asks the saga to turn; `false` when it has passed its pivot or does not run.
    pub fn cancel(&mut self, definition: &[Step], reason: &str) -> bool {
        let can = self.status == Status::Running && !self.past_pivot(definition);
        if can {
            self.cancelled = true;
            self.set_reason(reason);
        }
        can
    }

    /// A stuck saga tries again from where it stopped; `false` when it is not stuck.
    pub fn retry(&mut self) -> bool {
        if self.status != Status::Stuck {
            return false;
        }
        let backward = self.steps.iter().any(|step| step.phase == Phase::Undoing);
        self.status = if backward { Status::Compensating } else { Status::Running };
        for step in &mut self.steps {
            match step.phase {
                Phase::Running | Phase::Undoing | Phase::Refused => {
                    if !backward {
                        step.phase = Phase::Running;
                    }
                    step.attempts = 0;
                    step.due_us = 0;
                }
                Phase::Pending | Phase::Done | Phase::Skipped | Phase::Undone => {}
            }
        }
        true
    }

    /// Whether the step without return is done.
    #[must_use]
    pub fn past_pivot(&self, definition: &[Step]) -> bool {
        definition
            .iter()
            .zip(&self.steps)
            .any(|(step, state)| step.pivot && state.phase == Phase::Done)
    }

    /// When [`Progress::next`] is worth asking without news; `i64::MAX`: never.
    #[must_use]
    pub fn due_us(&self, definition: &[Step]) -> i64 {
        let open = |step: &&StepState| {
            matches!(step.phase, Phase::Running | Phase::Undoing) && step.due_us > 0
        };
        match self.status {
            Status::Completed | Status::Compensated | Status::Stuck => i64::MAX,
            Status::Running | Status::Compensating => {
                let step = self.steps.iter().filter(open).map(|step| step.due_us).min();
                let deadline = (self.status == Status::Running && !self.past_pivot(definition))
                    .then_some(self.deadline_us);
                step.into_iter().chain(deadline).min().unwrap_or(i64::MAX)
            }
        }
    }
}

impl StepState {
    fn start(&mut self, due_us: i64) {
        self.phase = Phase::Running;
        self.attempts = 1;
        self.due_us = due_us;
    }

    fn again(&mut self, pace: Pace, now_us: i64) {
        let doublings = self.attempts.min(20);
        let pause = pace.resend_us.saturating_mul(1 << doublings).min(pace.resend_max_us);
        self.attempts += 1;
        self.due_us = now_us + pause;
    }

    fn end(&mut self, phase: Phase, error: &str) {
        self.phase = phase;
        self.due_us = 0;
        error.clone_into(&mut self.error);
    }
}

macro_rules! text_enum {
    ($($type:ident { $($variant:ident = $text:literal),* })*) => {$(
        impl $type {
            /// The text in the database.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
        impl std::str::FromStr for $type {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($text => Ok(Self::$variant),)* _ => Err(()) }
            }
        }
    )*};
}

text_enum! {
    Status {
        Running = "RUNNING", Compensating = "COMPENSATING", Completed = "COMPLETED",
        Compensated = "COMPENSATED", Stuck = "STUCK"
    }
    Phase {
        Pending = "PENDING", Running = "RUNNING", Done = "DONE", Skipped = "SKIPPED",
        Refused = "REFUSED", Undoing = "UNDOING", Undone = "UNDONE"
    }
}
