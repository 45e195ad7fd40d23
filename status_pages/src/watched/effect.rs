//! Which acts of a watcher are in effect under the axes, and what they make of what the page said.

use super::said::{Deed, On, Values};
use super::{View, Watched};

/// How the acts stand, by the places of acts and bases.
#[derive(Debug, Clone)]
pub(super) struct Effect {
    /// The act is in effect.
    pub acts: Vec<bool>,
    /// The base is taken back.
    pub gone: Vec<bool>,
    /// The base may have been taken back, or brought back: nobody read the page just then.
    pub in_doubt: Vec<bool>,
}

impl Effect {
    /// An act is in effect unless a later act in effect retracts it; so it is decided from the last act backwards.
    pub(super) fn of(watched: &Watched, view: View) -> Self {
        let mut effect =
            Self { acts: vec![false; watched.acts.len()], gone: vec![false; watched.bases.len()], in_doubt: vec![false; watched.bases.len()] };
        let mut taken_back = vec![false; watched.acts.len()];
        for (place, act) in watched.acts.iter().enumerate().rev() {
            let is_retraction = act.deed == Deed::Retract;
            if act.depth.is_some() && view.is_possible(act.position, act.stated) {
                effect.in_doubt[act.root] = true;
            }
            effect.acts[place] = view.is_certain(act.position, act.stated) && !taken_back[place];
            if effect.acts[place] && is_retraction {
                match act.on {
                    On::Base => effect.gone[act.root] = true,
                    On::Act(earlier) => taken_back[earlier] = true,
                }
            }
        }
        effect
    }
}

impl Watched {
    /// What a base says with every correction in effect applied: of several, the one stated last gives a member its value.
    pub(super) fn values(&self, place: usize, effect: &Effect) -> Values {
        let base = &self.bases[place];
        let mut values = base.values.clone();
        for act in base.corrections.iter().filter(|act| effect.acts[**act]) {
            if let Deed::Correct { patch, .. } = &self.acts[*act].deed {
                patch.apply(&mut values);
            }
        }
        values
    }
}
