use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Template, TemplateError> {
    Template::parse(OsStr::new(text))
}

/// The text with `value` in place of each word, or `itself`.
fn filled(text: &str, value: Option<&str>) -> OsString {
    let mut give = |word: &TemplateWord| {
        Ok::<_, Infallible>(value.map_or_else(|| word.to_string(), str::to_owned))
    };
    parse(text).expect("right").fill(&mut give).expect("filled")
}

fn needs(arguments: &[&str]) -> TemplateNeeds {
    let parsed: Vec<_> = arguments.iter().map(|text| parse(text).expect("right")).collect();
    TemplateNeeds::of(&parsed)
}

#[test]
fn exactly_the_words_are_replaced() {
    for word in [
        "{port}",
        "{host}",
        "{url}",
        "{app}",
        "{dir}",
        "{socket}",
        "{fd}",
        "{port:metrics}",
        "{port@api}",
        "{url@api}",
        "{port:metrics@api.web-2}",
    ] {
        assert_eq!(filled(&format!("a={word},b"), Some("V")), "a=V,b", "{word}");
        assert_eq!(parse(word).expect("right").words().next().expect("one").to_string(), word);
    }
    assert_eq!(filled(r#"{"a":{port},"b":"{host}:{port}"}"#, Some("7")), r#"{"a":7,"b":"7:7"}"#);
    assert_eq!(filled("{{{port}}}", Some("7")), "{{port}}");
    assert_eq!(filled("{{port}", Some("7")), "{7");
    assert_eq!(filled("{port}}", Some("7")), "7}");
}

#[test]
fn all_other_text_in_braces_stays() {
    for text in [
        "",
        r#"{"a":1}"#,
        r#"{"port":1}"#,
        "{print}",
        "{}",
        "{{}}",
        "{{x}}",
        "${PORT}",
        "${port}",
        "${prot:-3000}",
        "{PORT}",
        "{ port }",
        "{port",
        "port}",
        "{port{",
        "}{",
        "{host:x}",
        "{url:x}",
        "{app@x}",
        "{sort: 1}",
        "{post: \"a\"}",
        "{portable}",
        "{{ port }}",
        "awk '{print $1}'",
        "{é}",
    ] {
        let parsed = parse(text).expect(text);
        assert_eq!(parsed.words().count(), 0, "{text}");
        assert_eq!(filled(text, Some("V")), text);
    }
}

#[test]
fn what_is_one_edit_or_swap_away_from_a_word_is_an_error_with_the_nearest() {
    for (text, nearest) in [
        ("{prot}", "{port}"),
        ("{ports}", "{port}"),
        ("{por}", "{port}"),
        ("{Port}", "{port}"),
        ("{hsot}", "{host}"),
        ("{ulr}", "{url}"),
        ("{apps}", "{app}"),
        ("{sockets}", "{socket}"),
        ("{df}", "{fd}"),
        ("{prot@api}", "{port@api}"),
        ("{ports:x}", "{port:x}"),
        ("{prot:x@api}", "{port:x@api}"),
        ("{ulr@api}", "{url@api}"),
        ("--listen=127.0.0.1:{prot}", "{port}"),
    ] {
        let Err(TemplateError::Misspelt { written, nearest: found }) = parse(text) else {
            panic!("{text} was taken");
        };
        assert_eq!(found, nearest, "{text}");
        assert!(text.ends_with(&written), "{text}: {written}");
    }
    let said = parse("{prot}").expect_err("misspelt").to_string();
    assert!(
        ["`{prot}`", "`{port}`", "`{{prot}}`"].iter().all(|part| said.contains(part)),
        "{said}"
    );
}

#[test]
fn a_name_that_is_none_is_an_error_that_says_why() {
    for text in ["{port:}", "{port@}", "{url@a/b}", "{port: 3000}", "{port:a@.b}", "{port:a@b@c}"] {
        let error = parse(text).expect_err(text);
        let TemplateError::Name { written, error: why } = &error else { panic!("{error:?}") };
        assert_eq!(written, text);
        let said = error.to_string();
        assert!(said.contains(text) && said.contains(&why.to_string()), "{said}");
    }
}

#[test]
fn what_is_doubled_stays_in_single_braces() {
    for (text, wanted) in [
        ("{{port}}", "{port}"),
        ("a{{url@api}}b", "a{url@api}b"),
        // There is no other way to write these.
        ("{{id}}", "{id}"),
        ("{{port: 3000}}", "{port: 3000}"),
        ("{{x}}", "{{x}}"),
        ("{{.Names}}", "{{.Names}}"),
    ] {
        assert_eq!(filled(text, Some("V")), wanted);
    }
}

#[test]
fn what_a_command_line_needs_is_known_before_it_is_filled() {
    assert_eq!(needs(&["serve", "{print}", "{{port}}"]), TemplateNeeds::default());
    let name = |name: &str| name.parse::<AppName>().expect("a name");
    let all = ["{port}", "{socket}", "{port:m}", "{port:m@a}{url@a}", "{port@b}", "{host}"];
    let wanted = TemplateNeeds {
        any: true,
        fd: false,
        socket: true,
        ports: [name("m")].into(),
        others: [(name("a"), Some(name("m"))), (name("a"), None), (name("b"), None)].into(),
    };
    assert_eq!(needs(&all), wanted);
    assert!(needs(&["{fd}"]).fd);
}

#[test]
fn bytes_that_are_no_text_are_kept_beside_what_is_replaced() {
    // What is no text on one system cannot be on the other.
    let made = |system: &str, unit: u16| {
        let units = format!(r#"{{"{system}":[{unit},123,112,111,114,116,125,{unit}]}}"#);
        serde_json::from_str::<OsString>(&units).ok()
    };
    let plain = |system: &str, unit: u16| {
        serde_json::from_str::<OsString>(&format!(r#"{{"{system}":[{unit},55,{unit}]}}"#)).ok()
    };
    let (system, unit) =
        if made("Unix", 255).is_some() { ("Unix", 255) } else { ("Windows", 0xd800) };
    let text = made(system, unit).expect("of this system");
    assert_eq!(text.to_str(), None);
    let template = Template::parse(&text).expect("right");
    let filled = template.fill(&mut |_| Ok::<_, Infallible>("7".to_owned())).expect("filled");
    assert_eq!(Some(filled), plain(system, unit));
}

/// Texts of the characters that matter, so that many of them have words or almost.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[{}$:@port]{0,6}",
        r#"[{}a-z:@"é ]{0,8}"#,
        "\\{(port|host|url|prot|socket|x)[:@a-z]{0,4}\\}",
        any::<String>(),
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn each_word_in_its_own_place_gives_the_text_back(text in text()) {
        prop_assume!(!text.contains("{{"));
        if let Ok(template) = parse(&text) {
            let mut itself = |word: &TemplateWord| Ok::<_, Infallible>(word.to_string());
            prop_assert_eq!(template.fill(&mut itself).expect("filled"), OsString::from(text));
        }
    }

    #[test]
    fn text_without_words_is_kept_byte_for_byte(text in text()) {
        if let Ok(template) = parse(&text)
            && template.words().next().is_none()
        {
            let filled = template.fill(&mut |word| Err(word.to_string())).expect("no word");
            // Doubled braces lose one pair around what is, or almost is, a word.
            if text.contains("{{") {
                prop_assert!(filled.len() <= text.len());
            } else {
                prop_assert_eq!(filled, OsString::from(text));
            }
        }
    }

    #[test]
    fn what_is_filled_in_is_not_looked_at_again(value in text()) {
        let mut give = |_: &TemplateWord| Ok::<_, Infallible>(value.clone());
        let filled = parse("a{port}b").expect("right").fill(&mut give).expect("filled");
        prop_assert_eq!(filled, OsString::from(format!("a{value}b")));
    }
}
