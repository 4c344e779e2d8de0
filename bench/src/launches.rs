//! From the start of the launcher to the first response, beside the server started directly.

use std::io;

use shared::{claim, port::Port};

use crate::{
    programs::StartedProgram,
    stats::{Row, median, row, time},
};

/// How many launches are timed; each takes some 30 ms.
const ROUNDS: usize = 40;

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let home = tempfile::tempdir()?;
    let port = claim::any().map_err(io::Error::other)?.port();
    let (mut launched, mut direct) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        launched.push(answer("launcher", &["--no-open", "--port"], home.path(), port)?);
        direct.push(answer("server", &["--port"], home.path(), port)?);
    }
    let (launched, direct) = (median(launched), median(direct));
    let mut row = row("launcher to first answer", launched, "`server --port` alone", direct);
    row.ratio = format!("{}, {} more", row.ratio, time(launched - direct));
    Ok(vec![row])
}

fn answer(
    program: &str,
    arguments: &[&str],
    home: &std::path::Path,
    port: Port,
) -> io::Result<f64> {
    let port_text = port.to_string();
    let arguments = [arguments, &[&port_text]].concat();
    StartedProgram::start(program, &arguments, home)?.first_answer(port)
}
