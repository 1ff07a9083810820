//! What passes the gate and what does not, and how fast a bomb is refused.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::*;

fn gate() -> Gate {
    Gate::new(Limits::default(), true, Arc::default())
}

fn asked(query: impl Into<String>) -> Asked {
    Asked { document: Named::Text(query.into()), ..Asked::default() }
}

fn refused(query: impl Into<String>) -> String {
    let query = query.into();
    let start = Instant::now();
    let refusal = gate().admit(asked(query)).unwrap_err();
    // Generous for an unoptimised build on a busy machine; a bomb that goes off takes minutes.
    assert!(start.elapsed() < Duration::from_millis(500), "took {:?}", start.elapsed());
    assert_eq!(refusal.code, "BAD_USER_INPUT");
    assert_eq!(refusal.status, None);
    refusal.message
}

#[test]
fn a_fragment_bomb_is_refused() {
    let mut bomb = String::from("{ ...F0 }");
    for n in 0..26 {
        write!(bomb, " fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1).unwrap();
    }
    bomb.push_str(" fragment F26 on Query { __typename }");
    assert!(refused(bomb).contains("fields"));
}

/// Neither its root fields nor its depth give it away.
#[test]
fn a_fragment_bomb_under_one_root_field_is_refused() {
    let mut bomb = String::from("{ viewer { ...F0 } }");
    for n in 0..12 {
        write!(bomb, " fragment F{n} on User {{ ...F{} ...F{} }}", n + 1, n + 1).unwrap();
    }
    bomb.push_str(" fragment F12 on User { name }");
    assert!(refused(bomb).contains("fields"));
}

#[test]
fn a_long_chain_of_fragments_is_refused() {
    let mut chain = String::from("{ ...F0 }");
    for n in 0..1000 {
        write!(chain, " fragment F{n} on Query {{ ...F{} }}", n + 1).unwrap();
    }
    chain.push_str(" fragment F1000 on Query { __typename }");
    assert!(refused(chain).contains("deeper"));
}

#[test]
fn a_fragment_that_spreads_itself_is_refused() {
    assert!(refused("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }").contains("itself"));
    assert!(refused("{ a { ...A } } fragment A on T { a { ...A } }").contains("itself"));
}

#[test]
fn ten_thousand_brackets_are_refused() {
    for open in ["[", "{a:"] {
        assert!(refused(format!("{{ a(b: {}) }}", open.repeat(10_000))).contains("brackets"));
    }
    assert!(refused("{a".repeat(10_000)).contains("brackets"));
    assert!(refused(format!("query($a: {}Int) {{ a }}", "[".repeat(10_000))).contains("brackets"));
}

#[test]
fn the_deepest_brackets_that_pass_do_not_overflow_the_stack() {
    let depth = Limits::default().brackets - 2;
    let _ = gate().admit(asked(format!("{{ a(b: {}1{}) }}", "[".repeat(depth), "]".repeat(depth))));
    let objects = depth.min(60);
    let _ = gate().admit(asked(format!("{{ a(b: {}1{}) }}", "{a:".repeat(objects), "}".repeat(objects))));
    assert!(refused(format!("{}{}", "{a".repeat(depth), "}".repeat(depth))).contains("deeper"));
}

#[test]
fn aliases_root_fields_fields_and_directives_are_bounded() {
    let aliases: String = (0..101).fold(String::new(), |text, n| format!("{text} a{n}: name"));
    assert!(refused(format!("{{ viewer {{ {aliases} }} }}")).contains("aliases"));
    let roots: String = (0..33).fold(String::new(), |text, n| format!("{text} a{n}: viewer {{ id }}"));
    assert!(refused(format!("{{ {roots} }}")).contains("root fields"));
    assert!(refused(format!("{{ viewer {{ {} }} }}", "name ".repeat(1000))).contains("fields"));
    assert!(refused(format!("{{ viewer {} {{ id }} }}", "@a ".repeat(101))).contains("directives"));
    assert!(refused("name ".repeat(8001)).contains("tokens"));
    assert!(refused(format!("# {}\n{{ a }}", "x".repeat(200_000))).contains("longer"));
}

#[test]
fn a_mutation_has_exactly_one_root_field() {
    assert!(gate().admit(asked("mutation { logOut { __typename } }")).is_ok());
    assert!(refused("mutation { a: logIn { x } b: logIn { x } }").contains("exactly one"));
    assert!(refused("mutation { ...F ...F } fragment F on Mutation { logIn { x } }").contains("exactly one"));
    assert!(refused("mutation { ... { a } ... { b } }").contains("exactly one"));
    // Also in an operation that is not the one asked for: it could be asked for next, from the cache.
    assert!(refused("query A { a } mutation B { b c }").contains("exactly one"));
    assert!(refused("subscription { a b }").contains("exactly one"));
}

#[test]
fn the_operation_is_chosen_by_name() {
    let document = "query A { a } mutation B { b }";
    let with = |name: Option<&str>| {
        gate().admit(Asked { operation_name: name.map(Into::into), ..asked(document) }).map(|it| it.kind)
    };
    assert_eq!(with(Some("A")).unwrap(), OperationType::Query);
    assert_eq!(with(Some("B")).unwrap(), OperationType::Mutation);
    assert!(with(Some("C")).is_err());
    assert!(with(None).is_err());
    let only = |name: Option<&str>| {
        gate().admit(Asked { operation_name: name.map(Into::into), ..asked("query A { a }") })
    };
    assert!(only(None).is_ok());
    assert!(only(Some("")).is_ok());
    assert!(only(Some("B")).is_err());
}

#[test]
fn required_variables_must_be_there() {
    let gate = gate();
    let with = |variables: serde_json::Value| {
        gate.admit(Asked {
            variables: Variables::from_json(variables),
            ..asked("query($id: ID!, $n: Int! = 3, $o: Int) { a(id: $id, n: $n, o: $o) }")
        })
    };
    assert!(with(serde_json::json!({"id": "x"})).is_ok());
    assert!(with(serde_json::json!({})).unwrap_err().message.contains("$id"));
    assert!(with(serde_json::json!({"id": null})).unwrap_err().message.contains("null"));
    assert!(with(serde_json::json!({"id": "x", "n": null})).unwrap_err().message.contains("$n"));
}

#[test]
fn introspection_can_be_switched_off_wherever_it_hides() {
    let closed = Gate::new(Limits::default(), false, Arc::default());
    for query in [
        "{ __schema { types { name } } }",
        "{ x: __type(name: \"User\") { name } }",
        "{ ...F } fragment F on Query { ... { __schema { types { name } } } }",
    ] {
        assert!(closed.admit(asked(query)).unwrap_err().message.contains("switched off"), "{query}");
        assert!(gate().admit(asked(query)).is_ok(), "{query}");
    }
    assert!(closed.admit(asked("{ __typename }")).is_ok());
}

#[test]
fn introspection_cannot_multiply_lists() {
    assert!(gate().admit(asked("{ __schema { types { fields { args { name } } } } }")).is_ok());
    assert!(
        refused("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }")
            .contains("lists")
    );
}

#[test]
fn the_introspection_that_tools_send_passes() {
    gate().admit(asked(include_str!("introspection.graphql"))).unwrap();
}

#[test]
fn cost_follows_the_pages() {
    let page = |outer: &str, inner: &str| {
        format!(
            "query($n: Int = 100) {{ viewer {{ accounts({outer}) {{ edges {{ node {{ users({inner}) {{ edges \
             {{ node {{ id name email createdAt }} }} }} }} }} }} }} }}"
        )
    };
    assert!(gate().admit(asked(page("first: 50", "first: 25"))).is_ok());
    assert!(refused(page("first: 100", "first: 100")).contains("costs"));
    assert!(refused(page("first: $n", "last: $n")).contains("costs"));
    let small = Variables::from_json(serde_json::json!({"n": 5}));
    assert!(gate().admit(Asked { variables: small, ..asked(page("first: $n", "last: $n")) }).is_ok());
}

#[test]
fn syntax_errors_are_short_and_point_at_the_place() {
    let refusal = gate().admit(asked("{ a(b: }")).unwrap_err();
    assert!(refusal.message.starts_with("Syntax error: "), "{}", refusal.message);
    assert!(!refusal.message.contains('\n'), "{}", refusal.message);
    assert_eq!(refusal.locations.len(), 1);
}

#[test]
fn a_document_seen_before_is_admitted_again() {
    let gate = gate();
    for _ in 0..3 {
        assert!(gate.admit(asked("{ viewer { user { id } } }")).is_ok());
    }
    assert!(gate.documents.get("{ viewer { user { id } } }").is_some());
}

#[test]
fn cost_follows_lists_that_are_not_pages() {
    let ids = |n: usize| serde_json::json!({ "ids": vec!["user_1"; n] });
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { a: memberships { account { id name } } \
                 b: memberships { account { id name } } accounts(first: 20) { edges { node { id } } } } } }";
    let with = |n| Asked { variables: Variables::from_json(ids(n)), ..asked(query) };
    assert!(gate().admit(with(100)).is_ok());
    assert!(gate().admit(with(1000)).unwrap_err().message.contains("costs"), "ids in a variable count");
    let written =
        query.replace("($ids: [ID!]!)", "").replace("$ids", &format!("[{}]", "\"u\" ".repeat(1000)));
    assert!(refused(written.clone()).contains("costs"), "and so do those in the document");
    assert!(refused(written.replace("[", "[\"u\" ")).contains("1000 items"));
    let input = "mutation($input: I!) { change(input: $input) { outcomes { user { memberships { account { name } } } } } }";
    assert!(gate().admit(with(1001)).unwrap_err().message.contains("1000 items"));
    let changes = |n: usize| {
        Variables::from_json(
            serde_json::json!({ "input": { "changes": vec![serde_json::json!({"id": "x"}); n] } }),
        )
    };
    assert!(gate().admit(Asked { variables: changes(500), ..asked(input) }).is_ok());
    assert!(
        gate()
            .admit(Asked { variables: changes(1001), ..asked(input) })
            .unwrap_err()
            .message
            .contains("1000 items")
    );
}

fn trusting(only: bool) -> Gate {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("documents.json");
    std::fs::write(
        &manifest,
        serde_json::json!({ "who": "query Who { viewer { user { id } } }" }).to_string(),
    )
    .unwrap();
    let manifests = [manifest];
    let sources = TrustedSources { manifests: &manifests, only, ..TrustedSources::default() };
    let trusted = TrustedDocuments::load(&sources, &Limits::default()).unwrap();
    Gate::new(Limits::default(), true, Arc::new(trusted))
}

fn named(document: Named) -> Asked {
    Asked { document, ..Asked::default() }
}

fn by_hash(text: &str, send: bool) -> Asked {
    let hash = data_encoding::HEXLOWER.encode(&automatic::hash_of(text));
    named(Named::Hash { hash, text: send.then(|| text.to_owned()) })
}

#[test]
fn a_trusted_document_is_found_by_id_hash_and_tokens_and_nothing_else_is_parsed() {
    let gate = trusting(true);
    let text = "query Who { viewer { user { id } } }";
    for asked in [
        named(Named::Id("who".into())),
        named(Named::Id(format!("sha256:{}", data_encoding::HEXLOWER.encode(&automatic::hash_of(text))))),
        asked("query Who{viewer{user{id}}}"),
        by_hash(text, false),
        by_hash(text, true),
        by_hash("query Who{viewer{user{id}}}", true),
    ] {
        assert!(gate.admit(asked).is_ok());
    }
    for other in [
        named(Named::Id("whom".into())),
        asked("{ viewer { user { id name } } }"),
        asked("{ not graphql"),
        asked("[".repeat(10_000)),
        by_hash("{ a }", false),
        by_hash("{ a }", true),
    ] {
        let refusal = gate.admit(other).unwrap_err();
        assert_eq!((refusal.code, refusal.reason), ("BAD_USER_INPUT", Some("DOCUMENT_NOT_TRUSTED")));
    }
    let open = trusting(false);
    assert!(open.admit(asked("{ viewer { user { id name } } }")).is_ok());
    assert!(open.admit(named(Named::Id("who".into()))).is_ok());
    let unknown = open.admit(named(Named::Id("whom".into()))).unwrap_err();
    assert_eq!(unknown.reason, Some("DOCUMENT_NOT_FOUND"));
}

#[test]
fn a_hash_is_enough_once_its_document_was_executed() {
    let gate = gate();
    let text = "{ viewer { user { id } } }";
    let unknown = gate.admit(by_hash(text, false)).unwrap_err();
    assert_eq!(
        (unknown.code, unknown.message.as_str()),
        ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    );
    let sent = gate.admit(by_hash(text, true)).unwrap();
    assert!(gate.admit(by_hash(text, false)).is_err(), "not executed yet: it may not even fit the schema");
    gate.keep(sent.keepable.unwrap(), false);
    assert!(gate.admit(by_hash(text, false)).is_ok());
    let hash = data_encoding::HEXLOWER.encode(&automatic::hash_of(text));
    assert!(gate.admit(named(Named::Id(format!("sha256:{hash}")))).is_ok());

    let lie = named(Named::Hash { hash, text: Some("{ viewer { user { name } } }".into()) });
    assert!(gate.admit(lie).unwrap_err().message.contains("sha256Hash"));
    assert!(gate.admit(named(Named::Hash { hash: "abc".into(), text: None })).is_err());
    let bomb = format!("{{ a(b: {}) }}", "[".repeat(10_000));
    assert!(gate.admit(by_hash(&bomb, true)).is_err());
    assert!(gate.admit(by_hash(&bomb, false)).is_err(), "what the gate refused is never kept");
}
