//! Makes a port history: `gen_history SEED RECORDS sound|faults FILE`, for `cargo xtask gen-history`.
//!
//! A `-` for the file means stdout. With faults the truth about them goes to `FILE.truth.jsonl`.

use std::{
    env,
    error::Error,
    ffi::OsString,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use shared::history::generate::{self, GenerateOptions};

/// How much is collected before it is written, in bytes.
const BUFFER: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<_> = env::args_os().skip(1).collect();
    let [seed, records, faults, file] = &given[..] else {
        return Err("gen_history SEED RECORDS sound|faults FILE".into());
    };
    let wanted = GenerateOptions {
        seed: number(seed)?,
        records: number(records)?,
        faults: faults == "faults",
    };
    let to: Box<dyn Write> = match file {
        file if file == "-" => Box::new(io::stdout().lock()),
        file => Box::new(File::create(file)?),
    };
    let mut truth: Box<dyn Write> = match wanted.faults {
        true => {
            let mut name = Path::new(file).as_os_str().to_owned();
            name.push(".truth.jsonl");
            Box::new(BufWriter::new(File::create(name)?))
        }
        false => Box::new(io::sink()),
    };
    let made = generate::history(wanted, BufWriter::with_capacity(BUFFER, to), |fault| {
        writeln!(truth, "{}", serde_json::to_string(fault)?)
    })?;
    truth.flush()?;
    writeln!(
        io::stderr(),
        "{} records and {} faults in {} bytes, seed {}",
        made.records,
        made.faults,
        made.bytes,
        wanted.seed
    )?;
    Ok(())
}

fn number(text: &OsString) -> Result<u64, Box<dyn Error>> {
    Ok(text.to_str().ok_or("a number is text")?.parse()?)
}
