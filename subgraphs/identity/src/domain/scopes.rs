//! `schema/scopes.toml`: which scopes a user or client holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{AccountRole, UserGroup};

const FILE: &str = include_str!("../../../../schema/scopes.toml");

/// The file as a table. Read once at start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeTable {
    everyone: BTreeSet<String>,
    groups: BTreeMap<String, BTreeSet<String>>,
    roles: BTreeMap<String, BTreeSet<String>>,
    teams: BTreeMap<String, Team>,
    clients: Clients,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Team {
    group: String,
    scopes: BTreeSet<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clients {
    grantable: BTreeSet<String>,
}

impl ScopeTable {
    /// The embedded file.
    ///
    /// # Errors
    /// The file is malformed, or does not have exactly our groups and roles.
    pub fn embedded() -> Result<Self, String> {
        Self::parse(FILE)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let groups: BTreeSet<&str> = UserGroup::ALL.iter().map(|group| group.as_str()).collect();
        if table.groups.keys().map(String::as_str).collect::<BTreeSet<_>>() != groups {
            return Err("[groups] must name exactly the user groups".to_owned());
        }
        let roles: BTreeSet<&str> = AccountRole::ALL.iter().map(|role| role.as_str()).collect();
        if table.roles.keys().map(String::as_str).collect::<BTreeSet<_>>() != roles {
            return Err("[roles] must name exactly the account roles".to_owned());
        }
        if let Some((name, team)) = table.teams.iter().find(|(_, t)| !groups.contains(&*t.group)) {
            return Err(format!("team {name}: unknown group {}", team.group));
        }
        Ok(table)
    }

    /// The scopes of a user, sorted.
    pub fn of_user<'t>(
        &'t self,
        groups: &[UserGroup],
        roles: impl IntoIterator<Item = AccountRole>,
        teams: impl IntoIterator<Item = &'t str>,
    ) -> Vec<String> {
        let mut scopes = self.everyone.clone();
        let of_groups = groups.iter().filter_map(|group| self.groups.get(group.as_str()));
        scopes.extend(of_groups.flatten().cloned());
        let of_roles = roles.into_iter().filter_map(|role| self.roles.get(role.as_str()));
        scopes.extend(of_roles.flatten().cloned());
        let of_teams = teams
            .into_iter()
            .filter_map(|team| self.teams.get(team))
            .filter(|team| groups.iter().any(|group| group.as_str() == team.group));
        scopes.extend(of_teams.flat_map(|team| &team.scopes).cloned());
        scopes.into_iter().collect()
    }

    /// Whether an API client may be given the scope.
    pub fn is_grantable(&self, scope: &str) -> bool {
        self.clients.grantable.contains(scope)
    }

    /// Every scope that anybody can hold.
    pub fn all(&self) -> BTreeSet<&str> {
        let lists = self.groups.values().chain(self.roles.values());
        let lists = lists.chain(self.teams.values().map(|team| &team.scopes));
        let lists = lists.chain([&self.everyone, &self.clients.grantable]);
        lists.flatten().map(String::as_str).collect()
    }
}
