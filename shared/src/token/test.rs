use super::*;

fn app(name: &str) -> AppName {
    name.parse().expect("a name")
}

fn port(number: u16) -> Port {
    Port::new(number).expect("not 0")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

#[test]
fn a_token_is_made_once_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("run").join("notes.token");
    let token = Token::load_or_create(&file).expect("made");
    assert!(Token::load_or_create(&file).expect("read").is(token.0.as_bytes()));
    assert!(Token::load(&file).expect("read").is(token.0.as_bytes()));
    assert!(
        !token.is(b"")
            && !token.is(&token.0.as_bytes()[1..])
            && !Token::random().is(token.0.as_bytes())
    );
}

#[test]
fn a_file_that_holds_no_token_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("notes.token");
    for garbage in [&b""[..], b"\xff\xfe", b"no token", &[b'a'; 63]] {
        fs::write(&file, garbage).expect("written");
        assert!(Token::load(&file).is_err());
        let token = Token::load_or_create(&file).expect("made");
        assert_eq!(fs::read_to_string(&file).expect("there").trim(), token.0);
    }
}

#[test]
fn a_ticket_holds_for_one_app_one_port_one_token_and_one_minute() {
    let (token, notes, here) = (Token::random(), app("notes"), port(17000));
    let ticket = token.ticket(&notes, here, at(1000));
    let check = |now| token.check(&ticket, &notes, here, at(now));
    for now in [1000, 1059] {
        let checked = check(now).expect("it holds");
        assert_eq!((checked.expiry, checked.issued()), (1060, 1_000_000_000));
    }
    for now in [1060, 1_000_000, 999, 0] {
        assert_eq!(check(now), Err(TicketError::Expired), "{now}");
    }
    let forged = Err(TicketError::Forged);
    assert_eq!(token.check(&ticket, &app("other"), here, at(1000)), forged);
    assert_eq!(token.check(&ticket, &notes, port(17001), at(1000)), forged);
    assert_eq!(Token::random().check(&ticket, &notes, here, at(1000)), forged);
    assert_ne!(token.ticket(&notes, here, at(1000)), ticket, "no two are alike");
}

#[test]
fn a_ticket_names_the_microsecond_and_one_of_version_0_1_the_second() {
    let (token, notes, here) = (Token::random(), app("notes"), port(17000));
    for microsecond in [1_000_000_000, 1_000_000_001, 1_000_999_999] {
        let made = Timestamp::from_microsecond(microsecond).expect("in range");
        let ticket = token.ticket(&notes, here, made);
        assert_eq!(token.check(&ticket, &notes, here, made).map(|it| it.issued()), Ok(microsecond));
    }
    let nonce = "0123456789abcdef0123456789abcdef";
    let code = hex::encode(token.ticket_code(&notes, here, 1060, nonce).finalize().into_bytes());
    let ticket = token.check(&format!("1060.{nonce}.{code}"), &notes, here, at(1000));
    assert_eq!(ticket.map(|ticket| ticket.issued()), Ok(1_000_000_000));
}

#[test]
fn a_ticket_that_was_touched_is_none() {
    let (token, notes, here) = (Token::random(), app("notes"), port(17000));
    let ticket = token.ticket(&notes, here, at(1000));
    let parts: Vec<_> = ticket.split('.').collect();
    let [expiry, nonce, code] = parts[..] else { panic!("{ticket}") };
    for touched in [
        String::new(),
        "..".to_owned(),
        format!("{expiry}.{nonce}"),
        format!("{expiry}.{nonce}."),
        format!("2000.{nonce}.{code}"),
        format!("{expiry}.{}.{code}", "0".repeat(nonce.len())),
        format!("{expiry}.{nonce}.{}", "0".repeat(code.len())),
        format!("{expiry}.{nonce}.{}", &code[..32]),
        format!("{expiry}.{nonce}.{code}00"),
        format!("{expiry}.{}.{code}", nonce.to_uppercase() + "x"),
        format!("{expiry}.{nonce}.é"),
        format!("{ticket}.{code}"),
        format!("{expiry}.{nonce}.{}", token.cookie(&notes, here)),
    ] {
        let checked = token.check(&touched, &notes, here, at(1000));
        assert_eq!(checked, Err(TicketError::Forged), "{touched}");
    }
}

#[test]
fn a_cookie_is_the_same_after_a_restart_and_for_one_app_and_port_alone() {
    let (token, notes, here) = (Token::random(), app("notes"), port(17000));
    let cookie = token.cookie(&notes, here);
    assert_eq!(token.cookie(&notes, here), cookie);
    assert_ne!(token.cookie(&notes, port(17001)), cookie);
    assert_ne!(token.cookie(&app("other"), here), cookie);
    assert_ne!(Token::random().cookie(&notes, here), cookie);
    assert_eq!(cookie_name(&notes, here), "homeport-notes-17000");
}

#[test]
fn no_log_has_a_token() {
    let token = Token::random();
    assert_eq!(format!("{token:?}"), "Token(***)");
}
