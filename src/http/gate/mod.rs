//! The gate: one place, shared by HTTP and WebSocket, that a document passes before the executor sees it.
//!
//! It bounds the raw text, parses once, bounds the document with its fragments in place, chooses the operation,
//! checks that the variables are there, and bounds the cost. It knows the grammar, not the schema: the
//! executor still validates. No async-graphql extension is used, for each costs a fifth of a request.

mod bounds;
mod cost;
mod documents;
mod scan;

use std::sync::Arc;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::parser::{Error as ParseError, parse_query};
use async_graphql::{Request, Value, Variables};

use self::documents::Documents;
pub(super) use super::refusal::Refusal;

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
    /// Fields, each counted once for every item of the pages around it.
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
            cost: 50_000,
        }
    }
}

/// What a client asks for, out of whichever envelope.
#[derive(Debug, Default)]
pub struct Asked {
    /// The document's text.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The variables.
    pub variables: Variables,
}

/// A request that may be executed.
#[derive(Debug)]
pub struct Admitted {
    /// For the executor, with the parsed document in it.
    pub request: Request,
    /// What the chosen operation is.
    pub kind: OperationType,
}

/// A document that passed.
struct Document {
    parsed: ExecutableDocument,
    introspects: bool,
}

/// The gate.
pub struct Gate {
    limits: Limits,
    introspection: bool,
    documents: Documents,
}

impl Gate {
    /// A gate with these limits; `introspection` says whether `__schema` and `__type` may be asked for.
    pub fn new(limits: Limits, introspection: bool) -> Self {
        Self { limits, introspection, documents: Documents::default() }
    }

    /// Lets a request pass, or says why not.
    pub fn admit(&self, asked: Asked) -> Result<Admitted, Refusal> {
        let document = self.document(&asked.query)?;
        if document.introspects && !self.introspection {
            return Err(Refusal::document("Introspection is switched off on this gateway."));
        }
        // Some clients send an empty name for none.
        let name = asked.operation_name.filter(|name| !name.is_empty());
        let operation = choose(&document.parsed, name.as_deref())?;
        check_variables(operation, &asked.variables)?;
        if cost::cost(&document.parsed, operation, &asked.variables) > self.limits.cost {
            return Err(Refusal::document(format!(
                "The query costs more than {} (each field counts once for every item of the pages around it). \
                 Ask for smaller pages or fewer fields.",
                self.limits.cost
            )));
        }
        let kind = operation.ty;
        let mut request = Request::new(asked.query).variables(asked.variables);
        request.operation_name = name;
        request.set_parsed_query(document.parsed.clone());
        Ok(Admitted { request, kind })
    }

    fn document(&self, text: &str) -> Result<Arc<Document>, Refusal> {
        if let Some(document) = self.documents.get(text) {
            return Ok(document);
        }
        if text.len() > self.limits.text {
            return Err(Refusal::document(format!(
                "The document is longer than {} bytes; put values into variables.",
                self.limits.text
            )));
        }
        scan::scan(text, self.limits.brackets, self.limits.tokens)?;
        let parsed = parse_query(text).map_err(|error| syntax(&error))?;
        let introspects = bounds::bound(&parsed, &self.limits)?;
        let document = Arc::new(Document { parsed, introspects });
        self.documents.put(text, document.clone());
        Ok(document)
    }
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
) -> Result<&'a OperationDefinition, Refusal> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()
        }
        (DocumentOperations::Multiple(_), None) => {
            return Err(Refusal::document(
                "The document has several operations; say which with operationName.",
            ));
        }
    };
    match operation {
        Some(operation) => Ok(&operation.node),
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
