//! The gate: one place, shared by HTTP and WebSocket, that a document passes before the executor sees it.
//!
//! It finds the document that a text, an id or a hash names. Where only trusted documents are executed, nothing else is
//! even parsed. It bounds the raw text, parses once, bounds the document with its fragments in place, chooses the operation,
//! checks that the variables are there, and bounds the cost. It knows the grammar, not the schema: the
//! executor still validates. No async-graphql extension is used, for each costs a fifth of a request.

mod asked;
mod automatic;
mod bounds;
mod cost;
mod documents;
mod scan;
mod tokens;
mod trusted;

use std::sync::Arc;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::parser::{Error as ParseError, parse_query};
use async_graphql::{Name, Request, Value, Variables};

use self::automatic::{Automatic, Hash, hash_of, parse_hash};
use self::documents::{Bounds, Memory};
pub(super) use super::refusal::Refusal;
use super::refusal::{code, reason};

pub use self::asked::{Asked, Named, Parameters};
pub use self::automatic::Keepable;
pub use self::trusted::{TrustedDocuments, TrustedError, TrustedSources};

/// How large a document may be.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of the document.
    pub text: usize,
    /// Brackets within brackets, in the raw text.
    pub brackets: usize,
    /// Names, numbers, strings and punctuation.
    pub tokens: usize,
    /// Fields and spreads, with fragments in place.
    pub fields: u64,
    /// Aliases, with fragments in place.
    pub aliases: u64,
    /// Directives, with fragments in place.
    pub directives: u64,
    /// Root fields of one operation; a mutation has exactly one whatever this says.
    pub root_fields: u64,
    /// Fields within fields. The introspection that tools send needs 15.
    pub depth: u32,
    /// Fields, spreads and inline fragments within each other.
    pub nesting: u32,
    /// Items of one list among the arguments, or in the variables.
    pub list: usize,
    /// Fields, each counted once for every item of the lists around it.
    pub cost: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text: 128 * 1024,
            brackets: 64,
            tokens: 8000,
            fields: 1000,
            aliases: 100,
            directives: 100,
            root_fields: 32,
            depth: 16,
            nesting: 32,
            list: 1000,
            cost: 50_000,
        }
    }
}

/// A request that may be executed.
#[derive(Debug)]
pub struct Admitted {
    /// For the executor, with the parsed document in it.
    pub request: Request,
    /// What the chosen operation is.
    pub kind: OperationType,
    /// The name that the document gives it.
    pub operation: Option<Name>,
    /// To be kept for its hash once it was executed.
    pub keepable: Option<Keepable>,
}

/// A document that passed.
#[derive(Debug)]
struct Document {
    text: Arc<str>,
    parsed: ExecutableDocument,
    introspects: bool,
}

/// Documents that were sent as text.
const BY_TEXT: Bounds = Bounds { documents: 512, text: 512 * 1024, longest: 16 * 1024 };

/// The gate.
pub struct Gate {
    limits: Limits,
    introspection: bool,
    documents: Memory<Arc<str>>,
    automatic: Automatic,
    trusted: Arc<TrustedDocuments>,
}

impl Gate {
    /// A gate with these limits and trusted documents; `introspection` says whether `__schema` and `__type` may be asked
    /// for.
    pub fn new(limits: Limits, introspection: bool, trusted: Arc<TrustedDocuments>) -> Self {
        let (documents, automatic) = (Memory::new(BY_TEXT), Automatic::new());
        Self { limits, introspection, documents, automatic, trusted }
    }

    /// Lets a request pass, or says why not.
    pub fn admit(&self, asked: Asked) -> Result<Admitted, Refusal> {
        let (document, keepable) = self.find(asked.document)?;
        if document.introspects && !self.introspection {
            return Err(Refusal::document("Introspection is switched off on this gateway."));
        }
        // Some clients send an empty name for none.
        let name = asked.operation_name.filter(|name| !name.is_empty());
        let (called, operation) = choose(&document.parsed, name.as_deref())?;
        check_variables(operation, &asked.variables)?;
        if asked.variables.values().any(|value| cost::longest_in_value(value) > self.limits.list) {
            return Err(Refusal::document(format!(
                "A list in the variables has more than {} items.",
                self.limits.list
            )));
        }
        if cost::cost(&document.parsed, operation, &asked.variables) > self.limits.cost {
            return Err(Refusal::document(format!(
                "The query costs more than {} (each field counts once for every item of the lists around it). \
                 Ask for smaller pages or fewer fields.",
                self.limits.cost
            )));
        }
        let (kind, called) = (operation.ty, called.cloned());
        // The executor reads the parsed document, never the text.
        let mut request = Request::new(String::new()).variables(asked.variables);
        request.operation_name = name;
        request.set_parsed_query(document.parsed.clone());
        Ok(Admitted { request, kind, operation: called, keepable })
    }

    /// Keeps a document for its hash. Only what was executed: it fits the schema, too.
    pub fn keep(&self, it: Keepable, signed_in: bool) {
        self.automatic.keep(it, signed_in);
    }

    fn find(&self, named: Named) -> Result<(Arc<Document>, Option<Keepable>), Refusal> {
        match named {
            Named::Text(text) => Ok((self.by_text(&text)?, None)),
            Named::Id(id) => self.by_id(&id),
            Named::Hash { hash, text } => {
                let Some(hash) = parse_hash(&hash) else {
                    return Err(Refusal::document(
                        "extensions.persistedQuery.sha256Hash must be 64 hexadecimal characters in lower case.",
                    ));
                };
                self.by_hash(hash, text)
            }
        }
    }

    fn by_text(&self, text: &str) -> Result<Arc<Document>, Refusal> {
        if !self.trusted.only() {
            return self.document(text);
        }
        let fits = text.len() <= self.limits.text;
        fits.then(|| self.trusted.by_text(text)).flatten().ok_or_else(not_trusted)
    }

    fn by_id(&self, id: &str) -> Result<(Arc<Document>, Option<Keepable>), Refusal> {
        if let Some(document) = self.trusted.by_id(id) {
            return Ok((document, None));
        }
        if self.trusted.only() {
            return Err(not_trusted());
        }
        let hash = id.strip_prefix("sha256:").and_then(parse_hash);
        hash.and_then(|hash| self.automatic.get(&hash)).ok_or_else(|| {
            Refusal::document("No document of this id is known here.").because(reason::DOCUMENT_NOT_FOUND)
        })
    }

    fn by_hash(
        &self,
        hash: Hash,
        text: Option<String>,
    ) -> Result<(Arc<Document>, Option<Keepable>), Refusal> {
        if text.as_deref().is_some_and(|text| hash_of(text) != hash) {
            return Err(Refusal::document(
                "The document is not the one of extensions.persistedQuery.sha256Hash.",
            ));
        }
        if let Some(document) = self.trusted.by_hash(&hash) {
            return Ok((document, None));
        }
        match text {
            Some(text) if self.trusted.only() => Ok((self.by_text(&text)?, None)),
            None if self.trusted.only() => Err(not_trusted()),
            Some(text) => {
                let document = self.document(&text)?;
                Ok((document.clone(), Some(Keepable::new(hash, document))))
            }
            // Message and code are what Apollo's clients look for before they send the text.
            None => self.automatic.get(&hash).ok_or_else(|| Refusal {
                code: code::PERSISTED_QUERY_NOT_FOUND,
                ..Refusal::document("PersistedQueryNotFound")
            }),
        }
    }

    fn document(&self, text: &str) -> Result<Arc<Document>, Refusal> {
        if let Some(document) = self.documents.get(text) {
            return Ok(document);
        }
        let document = Arc::new(read(text, &self.limits)?);
        self.documents.put(document.text.clone(), document.clone());
        Ok(document)
    }
}

/// The document of a text, if it is within the limits.
fn read(text: &str, limits: &Limits) -> Result<Document, Refusal> {
    if text.len() > limits.text {
        return Err(Refusal::document(format!(
            "The document is longer than {} bytes; put values into variables.",
            limits.text
        )));
    }
    scan::scan(text, limits.brackets, limits.tokens)?;
    let parsed = parse_query(text).map_err(|error| syntax(&error))?;
    let introspects = bounds::bound(&parsed, limits)?;
    Ok(Document { text: text.into(), parsed, introspects })
}

fn not_trusted() -> Refusal {
    Refusal::document(
        "Only documents that this gateway was given beforehand are executed; this one is not among them.",
    )
    .because(reason::DOCUMENT_NOT_TRUSTED)
}

/// The parser draws its message around the offending line; the line that says what was expected is enough.
fn syntax(error: &ParseError) -> Refusal {
    let message = match error {
        ParseError::Syntax { message, .. } => {
            let expected = message.lines().rev().find_map(|line| line.trim_start().strip_prefix("= "));
            format!("Syntax error: {}", expected.unwrap_or("the document is not GraphQL"))
        }
        other => format!("Syntax error: {other}"),
    };
    error.positions().take(1).fold(Refusal::document(message), Refusal::at)
}

fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<(Option<&'a Name>, &'a OperationDefinition), Refusal> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some((None, operation)),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get_key_value(name).map(|(name, operation)| (Some(name), operation))
        }
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.iter().next().map(|(name, operation)| (Some(name), operation))
        }
        (DocumentOperations::Multiple(_), None) => {
            return Err(Refusal::document(
                "The document has several operations; say which with operationName.",
            ));
        }
    };
    match operation {
        Some((name, operation)) => Ok((name, &operation.node)),
        None => Err(Refusal::document("The document has no operation of that operationName.")),
    }
}

/// A required variable is there. Its type is the executor's to check.
fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), Refusal> {
    for definition in &operation.variable_definitions {
        let (position, definition) = (definition.pos, &definition.node);
        let (name, kind) = (&definition.name.node, &definition.var_type.node);
        if kind.nullable {
            continue;
        }
        match variables.get(name) {
            Some(Value::Null) => {
                return Err(Refusal::document(format!(
                    "Variable \"${name}\" of type \"{kind}\" must not be null."
                ))
                .at(position));
            }
            None if definition.default_value.is_none() => {
                return Err(Refusal::document(format!(
                    "Variable \"${name}\" of required type \"{kind}\" was not provided."
                ))
                .at(position));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
