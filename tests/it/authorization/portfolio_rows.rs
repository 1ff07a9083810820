//! The rows of portfolios' mutations. None of them changes anything for the rows after it.

/// A name, and the document that asks.
pub const ROWS: &[(&str, &str)] = &[
    (
        "Mutation.createPortfolio",
        "mutation { createPortfolio(input: { name: \"New\" }) { __typename ... on CreatePortfolioRejected { reason } } }",
    ),
    (
        "Mutation.closePortfolio",
        "mutation($portfolio: ID!) { closePortfolio(input: { portfolioId: $portfolio, name: \"?\" }) { __typename ... on ClosePortfolioRejected { reason } } }",
    ),
    (
        "Mutation.addAccountToPortfolio",
        "mutation($portfolio: ID!, $account: ID!) { addAccountToPortfolio(input: { portfolioId: $portfolio, accountId: $account }) { __typename ... on AddAccountToPortfolioRejected { reason } } }",
    ),
    (
        "Mutation.removeAccountFromPortfolio",
        "mutation($account: ID!) { removeAccountFromPortfolio(input: { portfolioId: \"portfolio_01h2xcejqtf2nbrexx3vqjhp41\", accountId: $account }) { __typename ... on RemoveAccountFromPortfolioRejected { reason } } }",
    ),
    (
        "Mutation.invitePortfolioUser",
        "mutation($portfolio: ID!) { invitePortfolioUser(input: { portfolioId: $portfolio, email: \"new@example.test\", role: ANALYST }) { __typename ... on InvitePortfolioUserRejected { reason } } }",
    ),
    (
        "Mutation.changePortfolioUserRole",
        "mutation($portfolio: ID!, $user: ID!) { changePortfolioUserRole(input: { portfolioId: $portfolio, userId: $user, role: ANALYST }) { __typename ... on ChangePortfolioUserRoleRejected { reason } } }",
    ),
    (
        "Mutation.removePortfolioUser",
        "mutation($portfolio: ID!, $user: ID!) { removePortfolioUser(input: { portfolioId: $portfolio, userId: $user }) { __typename ... on RemovePortfolioUserRejected { reason } } }",
    ),
    (
        "Mutation.transferPortfolioOwnership",
        "mutation($portfolio: ID!, $user: ID!) { transferPortfolioOwnership(input: { portfolioId: $portfolio, userId: $user }) { __typename ... on TransferPortfolioOwnershipRejected { reason } } }",
    ),
    (
        "Mutation.updatePortfolioUserAccess",
        "mutation($portfolio: ID!) { updatePortfolioUserAccess(input: { portfolioId: $portfolio }) { __typename ... on UpdatePortfolioUserAccessRejected { reason } } }",
    ),
    (
        "Portfolio.invitations",
        "query($portfolio: ID!) { portfolio(id: $portfolio) { invitations(first: 1) { edges { cursor } } } }",
    ),
];
