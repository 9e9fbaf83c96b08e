//! Table `person`.

use domain::member::PersonKind;
use sea_orm::entity::prelude::*;

use crate::Name;

/// Somebody who acts, in any number of portfolios.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique short name.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// PERSON or SERVICE.
    pub kind: Name<PersonKind>,
    /// E-mail address.
    pub email: Option<String>,
    /// The OIDC issuer that vouches for them.
    pub issuer: Option<String>,
    /// Who they are to that issuer.
    pub subject: Option<String>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
