//! Tickets and tokens: nothing that the token did not make lets a client in, and what it made does only
//! as it is spelt.

#![no_main]

use std::sync::LazyLock;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use shared::{app::AppName, port::Port, token::Token};

static TOKEN: LazyLock<Token> = LazyLock::new(Token::random);

// A place in a good ticket, how much of it goes, and what is put there; or, as it is, a ticket.
fuzz_target!(|input: (u8, u8, &str)| {
    let (at, gone, put) = input;
    let (app, port, now) = (AppName::default(), Port::new(17000).expect("not 0"), Timestamp::now());
    let good = TOKEN.ticket(&app, port, now);
    assert!(TOKEN.check(&good, &app, port, now).is_ok());
    assert!(TOKEN.check(put, &app, port, now).is_err(), "{put:?} was never made");
    assert!(!TOKEN.is(put.as_bytes()));

    let from = usize::from(at) % (good.len() + 1);
    let to = good.len().min(from + usize::from(gone));
    let bent = format!("{}{put}{}", &good[..from], &good[to..]);
    if let (true, Ok(ticket)) = (bent != good, TOKEN.check(&bent, &app, port, now)) {
        // Another spelling is the same ticket: it cannot be used again beside the good one.
        assert_eq!(Ok(ticket), TOKEN.check(&good, &app, port, now), "{bent}");
    }
});
