//! The static roles. What a role may do stands in `policy.rs`, nowhere else.

use serde::{Deserialize, Serialize};

/// What a person is in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountRole {
    /// Exactly one in each account.
    Owner,
    /// Manages users and settings.
    Admin,
    /// Runs the account's work.
    Manager,
    /// Reads figures.
    Analyst,
    /// Coordinates campaigns.
    CampaignCoordinator,
    /// Makes content.
    ContentCreator,
    /// Vendor support: looks, and manages nobody.
    Support,
}

impl AccountRole {
    /// All of them, highest first.
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Admin,
        Self::Manager,
        Self::Analyst,
        Self::CampaignCoordinator,
        Self::ContentCreator,
        Self::Support,
    ];

    /// Owner or Admin.
    pub const fn is_owner_or_admin(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// The role with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The name as stored, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::Manager => "MANAGER",
            Self::Analyst => "ANALYST",
            Self::CampaignCoordinator => "CAMPAIGN_COORDINATOR",
            Self::ContentCreator => "CONTENT_CREATOR",
            Self::Support => "SUPPORT",
        }
    }
}

/// What a person is in a portfolio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PortfolioRole {
    /// Exactly one in each portfolio.
    Owner,
    /// Manages users of the portfolio and of its accounts.
    Admin,
    /// Runs the portfolio's work.
    Manager,
    /// Reads figures.
    Analyst,
}

impl PortfolioRole {
    /// All of them, highest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Manager, Self::Analyst];

    /// Portfolio Owner or Portfolio Admin.
    pub const fn is_owner_or_admin(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// The name as stored, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::Manager => "MANAGER",
            Self::Analyst => "ANALYST",
        }
    }
}
