//! Committing a page: the cursor first, which fences a second projector before any row is sent, then the rows, in one transaction.
//!
//! A commit whose answer was lost is settled by reading the cursor on a fresh connection, where the number that was drawn for
//! this commit tells it from another projector's.

use dateline_events::Position;
use dateline_timelines::rows::Rows;

use super::NOTIFY;
use super::page::Page;
use super::schema::sql;
use crate::distributed::database::{Once, OpenTransaction, Session, WRITE, number, position};
use crate::views::ViewsError;

/// A page is sent so often at most when connections break under it.
const ATTEMPTS: usize = 3;

/// Commits a page; answers whether the generation serves.
pub(super) fn commit(session: &mut Session, generation: u32, from: Position, to: Position, rows: &Rows) -> Result<bool, ViewsError> {
    let page = Page::encode(rows)?;
    let mut drawn = [0; 8];
    getrandom::fill(&mut drawn).map_err(|error| ViewsError::Engine(format!("this machine gives no random numbers: {error}")))?;
    let moving = Moving { generation, from, to, drawn: i64::from_ne_bytes(drawn) };
    let mut attempt = 1;
    loop {
        let lost = match session.once(WRITE, |transaction| moving.write(transaction, &page)) {
            Once::Answered(outcome) => return outcome,
            Once::Broke(lost) => lost,
        };
        if let Some(serves) = session.transaction(WRITE, |transaction| moving.settle(transaction))? {
            return Ok(serves);
        }
        if attempt == ATTEMPTS {
            return Err(lost);
        }
        attempt += 1;
    }
}

/// One commit's move of the cursor.
struct Moving {
    generation: u32,
    from: Position,
    to: Position,
    drawn: i64,
}

impl Moving {
    fn write(&self, transaction: &mut OpenTransaction<'_>, page: &Page<'_>) -> Result<bool, ViewsError> {
        // A second projector waits here for the first one's commit, and then finds the cursor moved.
        let update = "UPDATE dateline.generations SET position = $1, drawn = $2 WHERE number = $3 AND position = $4 AND state <> 'dropped'
            RETURNING state = 'serving'";
        let moved = transaction.first(update, &[&number(self.to), &self.drawn, &i64::from(self.generation), &number(self.from)])?;
        let Some(moved) = moved else {
            return Err(ViewsError::Fenced { found: super::generations::cursor(transaction, self.generation)? });
        };
        page.send(transaction, |template| sql(self.generation, template))?;
        let serves = moved.try_get(0)?;
        if serves {
            transaction.batch(NOTIFY)?;
        }
        Ok(serves)
    }

    /// What became of a commit whose answer was lost: whether the generation serves when it was done, None when it was not.
    /// The row is locked, so that a transaction of ours that the server still has in hand has ended before it is judged.
    fn settle(&self, transaction: &mut OpenTransaction<'_>) -> Result<Option<bool>, ViewsError> {
        let select = "SELECT position, drawn, state = 'serving' FROM dateline.generations WHERE number = $1 AND state <> 'dropped' FOR UPDATE";
        let row = transaction.first(select, &[&i64::from(self.generation)])?.ok_or(ViewsError::Gone { number: self.generation })?;
        let (found, drawn): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        match position(found) {
            found if found == self.to && drawn == self.drawn => Ok(Some(row.try_get(2)?)),
            found if found == self.from => Ok(None),
            found => Err(ViewsError::Fenced { found }),
        }
    }
}
