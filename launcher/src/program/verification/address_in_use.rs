//! The words by which programs say that their address is taken.
//!
//! They are the system's (the name, the text and the number of the error, on Linux, macOS and Windows) or
//! a program's own about its port. A program that moves to another port by itself says them too.

/// What is said of the address of a socket, in lower case.
const ADDRESS_WORDS: [&str; 9] = [
    "eaddrinuse",
    "wsaeaddrinuse",
    "addrinuse",
    "address already in use",
    "address is already in use",
    "address in use",
    "address is in use",
    "connection in use",
    "only one usage of each socket address",
];

/// The number of the error on Linux and macOS, and on Windows, each with what makes it an error's.
const NUMBERS: [&str; 10] = [
    "errno 98",
    "errno 48",
    "errno 10048",
    "os error 98",
    "os error 48",
    "os error 10048",
    "winerror 10048",
    "error 10048",
    "error: 10048",
    "socketexception (10048",
];

/// What is said after the word `port`, with or without its number.
const PORT_WORDS: [&str; 10] = [
    "already in use",
    "is already in use",
    "was already in use",
    "is in use",
    "already allocated",
    "is already allocated",
    "already taken",
    "is already taken",
    "is already being used",
    "is being used by",
];

/// Whether a line of a program's output says that an address or a port is in use. The line has no ANSI
/// sequences: they may stand between the words.
pub fn says_address_in_use(line: &str) -> bool {
    let line = line.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|words| after(&line, words).next().is_some());
    // An account is no socket.
    !line.contains("mail address")
        && (has(&ADDRESS_WORDS) || has(&NUMBERS) || after(&line, "port").any(says_taken))
}

/// What follows each place where these words stand as whole words.
fn after<'a>(line: &'a str, words: &str) -> impl Iterator<Item = &'a str> {
    line.match_indices(words).filter_map(move |(start, found)| {
        let rest = &line[start + found.len()..];
        let is_whole = !line[..start].ends_with(is_of_a_word) && !rest.starts_with(is_of_a_word);
        is_whole.then_some(rest)
    })
}

fn is_of_a_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Whether the rest of a line after `port` begins with words that say that it is taken.
fn says_taken(rest: &str) -> bool {
    let begins = |text: &str| {
        let mut rests = PORT_WORDS.iter().filter_map(|words| text.trim_start().strip_prefix(words));
        rests.any(|rest| !rest.starts_with(is_of_a_word))
    };
    let rest = rest.trim_start();
    let (number, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    begins(rest) || number.contains(|letter: char| letter.is_ascii_digit()) && begins(behind)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn the_words_of_real_programs_are_known() {
        for line in [
            // python -m http.server, uvicorn, gunicorn, hypercorn, flask, django, streamlit, jupyter
            "OSError: [Errno 98] Address already in use",
            "OSError: [Errno 48] Address already in use",
            "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address already in use",
            "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): [errno 98] Die Adresse wird bereits verwendet",
            "[2026-03-01 10:00:00 +0000] [812] [ERROR] Connection in use: ('127.0.0.1', 8000)",
            "Port 5000 is in use by another program. Either identify and stop that program, or start the server with a different port.",
            "Error: That port is already in use.",
            "Port 8501 is already in use",
            "ERROR: the Jupyter server could not be started because port 8888 is already in use",
            "[WinError 10048] Normalerweise darf jede Socketadresse nur jeweils einmal verwendet werden",
            // node, next, vite, webpack-dev-server
            "Error: listen EADDRINUSE: address already in use 127.0.0.1:3000",
            "  code: 'EADDRINUSE',",
            " ⚠ Port 3000 is in use, trying 3001 instead.",
            "Error: Port 5173 is already in use",
            // nginx, redis, postgres, haproxy, lighttpd, caddy
            "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
            "Warning: Could not create server TCP listening socket 127.0.0.1:6379: bind: Address already in use",
            "LOG:  could not bind IPv4 address \"127.0.0.1\": Address already in use",
            "[ALERT] (9) : Starting proxy web: cannot bind socket (Address already in use) [127.0.0.1:80]",
            "(network.c.600) bind() 127.0.0.1:80: Address already in use",
            "Error: loading initial config: loading new config: http app module: start: listening on :2015: listen tcp :2015: bind: address already in use",
            // php, ruby, puma
            "Failed to listen on 127.0.0.1:8000 (reason: Address already in use)",
            "bind: Address in use",
            "`initialize': Address already in use - bind(2) for 127.0.0.1:3000 (Errno::EADDRINUSE)",
            "`bind': Only one usage of each socket address (protocol/network address/port) is normally permitted. - bind(2)",
            // go, rust, java, spring, .net, erlang
            "listen tcp 127.0.0.1:8080: bind: address already in use",
            "listen tcp :8080: bind: Only one usage of each socket address (protocol/network address/port) is normally permitted.",
            "Error: Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }",
            "thread 'main' panicked: Address already in use (os error 98)",
            "Error: Jede Socketadresse darf nur einmal verwendet werden. (os error 10048)",
            "Exception in thread \"main\" java.net.BindException: Address already in use (Bind failed)",
            "Web server failed to start. Port 8080 was already in use.",
            "java.rmi.server.ExportException: Port already in use: 1099; nested exception is:",
            "System.Net.Sockets.SocketException (10048): Normalerweise darf jede Socketadresse",
            "Failed to start Ranch listener in :ranch.listen: reason: :eaddrinuse (address already in use)",
            // docker
            "docker: Error response from daemon: driver failed: Bind for 0.0.0.0:8080 failed: port is already allocated.",
            "failed to bind host port 0.0.0.0:8080/tcp: address already in use",
            "port 127.0.0.1:8080 is already allocated",
        ] {
            assert!(says_address_in_use(line), "{line}");
            assert!(says_address_in_use(&line.to_uppercase()), "{line}");
        }
    }

    #[test]
    fn lines_that_only_look_like_it_say_nothing() {
        for line in [
            "",
            "Listening on address 127.0.0.1:8000",
            "bind address: 127.0.0.1, port: 10048",
            "Listening on port 10048",
            "using the address of the proxy",
            "bind: Permission denied",
            "bind: Cannot assign requested address",
            "[Errno 99] Cannot assign requested address",
            "OSError: [Errno 980] no such thing",
            "[Errno 13] Permission denied",
            "that email address is already in use by another account",
            "E-mail address already in use",
            "transport already in use",
            "the support is already in use",
            "port forwarding is in use",
            "port 3000 is used for metrics",
            "port 3000 is in useful condition",
            "SO_REUSEADDR is in use",
            "the database is already in use",
            "98 addresses, 48 in use",
            "line 48: error 98",
        ] {
            assert!(!says_address_in_use(line), "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_has_an_answer(line in ".{0,80}(port|PORT|errno 98|İ)?.{0,20}") {
            says_address_in_use(&line);
        }
    }
}
