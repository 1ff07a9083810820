//! One type for each operation; all else is generated from the schema.

use graphql_client::GraphQLQuery;

/// RFC 3339, in UTC.
pub type DateTime = String;

macro_rules! operations {
    ($($name:ident)*) => {$(
        #[derive(GraphQLQuery)]
        #[graphql(
            schema_path = "../../../schema.graphql",
            query_path = "../operations.graphql",
            response_derives = "Debug",
            variables_derives = "Default",
            skip_serializing_none
        )]
        pub struct $name;
    )*};
}

operations!(LogIn AnswerMfaChallenge People ResetUserMfa MfaResetByToken AcceptMfaReset BeginTotpEnrollment ConfirmTotpEnrollment);
