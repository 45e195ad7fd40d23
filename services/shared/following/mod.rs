//! The one loop by which a role follows a log: it opens a follower where its output ends, reads what comes next, and takes it. What fails is
//! logged, shown by readiness, and tried again from where the output ends, later each time. What is taken, and what is made of it, is
//! not known here.

use std::fmt::Display;
use std::time::Duration;

use tokio::sync::watch;

use crate::shared::back_off::BackOff;
use crate::shared::supervise::{Progress, Roles, Tasks};

/// After a failure a role waits so long before it opens its follower again, in milliseconds; twice as long after each further one, up to
/// the longest; later where whoever it asked wants that.
const PAUSE_MS_FIRST: u64 = 50;
const PAUSE_MS_LONGEST: u64 = 5_000;

/// A follower that failed is called sound when it has waited for so long for what comes next, in milliseconds.
const SOUND_MS: u64 = 2_000;

/// Told to stop, a step under way has so long to end, in milliseconds; then it is dropped, and is taken again after the next start.
const STEP_ENDS_MS: u64 = 5_000;

/// A role that follows a log, opened where its output ends: source, cursor and step.
pub trait Follow: Send + Sized {
    /// What is taken at once.
    type Page: Send;
    /// Why it does not go on.
    type Error: Display + Send;

    /// What comes next; waits until there is something. Dropped when the role is told to stop: what it read by then is lost.
    fn next(&mut self) -> impl Future<Output = Result<Self::Page, Self::Error>> + Send;

    /// Takes it: output and cursor are kept together, or taking it twice says the same twice. Never dropped halfway, unless it takes
    /// longer than a role that stops may.
    fn take(&mut self, page: Self::Page) -> impl Future<Output = Result<Step, Self::Error>> + Send;

    /// Between two steps, before the role ends: keeps what is kept only now and then.
    fn end(self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        async { Ok(()) }
    }

    /// How long whoever it asked wants to be left alone before it asks again.
    fn asks_to_wait(_error: &Self::Error) -> Option<Duration> {
        None
    }

    /// False for an error that only says that another one of the same role was faster: nobody need look at it.
    fn is_fault(_error: &Self::Error) -> bool {
        true
    }
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The role went on.
    Reached(Progress),
    /// What it made is no longer what is asked for: it is opened anew.
    Anew,
}

/// How long things may take; tests take less.
#[derive(Debug, Clone, Copy)]
struct Pace {
    sound: Duration,
    step_ends: Duration,
}

const PACE: Pace = Pace { sound: Duration::from_millis(SOUND_MS), step_ends: Duration::from_millis(STEP_ENDS_MS) };

/// Starts a role that follows a log, kept up until it is told to stop.
pub fn start<F: Follow + 'static, O: Future<Output = Result<F, F::Error>> + Send + 'static>(
    tasks: &mut Tasks,
    name: &'static str,
    open: impl Fn() -> O + Clone + Send + 'static,
) {
    let (roles, stop) = (tasks.roles.clone(), tasks.stop.clone());
    tasks.start(name, move || run(name, roles.clone(), open.clone(), stop.clone(), PACE));
}

/// Follows until told to stop.
async fn run<F: Follow, O: Future<Output = Result<F, F::Error>> + Send>(
    name: &'static str,
    roles: Roles,
    open: impl Fn() -> O + Send,
    mut stop: watch::Receiver<bool>,
    pace: Pace,
) {
    let mut back_off = back_off();
    while !*stop.borrow() {
        let mut following = Following { name, roles: &roles, stop: stop.clone(), back_off: &mut back_off, pace };
        let followed = following.follow(open()).await;
        let pause = back_off.pause(followed.as_ref().err().and_then(F::asks_to_wait));
        match followed {
            Ok(()) => {}
            Err(error) if F::is_fault(&error) => {
                let why = format!("{error:#}");
                tracing::error!(role = name, why, pause_ms = pause.as_millis() as u64, "a role does not go on, and will try again");
                roles.remark(name, &why);
            }
            Err(error) => tracing::info!(role = name, why = %error, "another one was faster; following behind it"),
        }
        let _ = tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await;
    }
}

/// A role at its log, from one opening to the next.
struct Following<'a> {
    name: &'static str,
    roles: &'a Roles,
    stop: watch::Receiver<bool>,
    back_off: &'a mut BackOff,
    pace: Pace,
}

impl Following<'_> {
    /// Follows until something fails, it is to be opened anew, or it is told to stop.
    async fn follow<F: Follow>(&mut self, opening: impl Future<Output = Result<F, F::Error>> + Send) -> Result<(), F::Error> {
        let mut stop = self.stop.clone();
        let mut follower = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            opened = opening => opened?,
        };
        while let Some(page) = self.next(&mut follower).await {
            let Some(step) = self.step(follower.take(page?)).await else { return Ok(()) };
            let Step::Reached(progress) = step? else { return Ok(()) };
            self.roles.reached(self.name, progress);
            self.is_sound();
        }
        follower.end().await
    }

    /// What comes next; None: it is told to stop.
    async fn next<F: Follow>(&mut self, follower: &mut F) -> Option<Result<F::Page, F::Error>> {
        let (mut stop, sound) = (self.stop.clone(), self.pace.sound);
        let next = follower.next();
        tokio::pin!(next);
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return None,
                page = &mut next => return Some(page),
                () = tokio::time::sleep(sound) => self.is_sound(),
            }
        }
    }

    /// A step, brought to its end; None: it is told to stop, and that takes too long.
    async fn step<T>(&mut self, step: impl Future<Output = T>) -> Option<T> {
        let (name, step_ends) = (self.name, self.pace.step_ends);
        let too_long = async {
            // Whoever could tell is gone: then it is told.
            let _ = self.stop.wait_for(|stop| *stop).await;
            tokio::time::sleep(step_ends).await;
            tracing::warn!(role = name, "a step does not end, and is taken again after the next start");
        };
        tokio::select! {
            step = step => Some(step),
            () = too_long => None,
        }
    }

    fn is_sound(&mut self) {
        *self.back_off = back_off();
        self.roles.withdraw(self.name);
    }
}

fn back_off() -> BackOff {
    BackOff::new(Duration::from_millis(PAUSE_MS_FIRST), Duration::from_millis(PAUSE_MS_LONGEST))
}

#[cfg(test)]
mod tests;
