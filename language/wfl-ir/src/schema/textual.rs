//! Which keys of maps are the names of members, as at the border between JSON and values.

use crate::declared::TypeKind;
use crate::function::Library;
use crate::types::Type;

/// True for types whose values have one text: String, Uuid, Int, Date, refined ones, and enums without fields.
pub(crate) fn is_textual(library: Library<'_>, ty: &Type) -> bool {
    match ty {
        Type::String | Type::Uuid | Type::Int | Type::Date => true,
        Type::Named(index) => match library.def(*index).map(|def| &def.kind) {
            Some(TypeKind::Refined { base, .. }) => is_textual(library, base),
            Some(TypeKind::Enum(variants)) => variants.iter().all(|variant| variant.fields.is_empty()),
            _ => false,
        },
        _ => false,
    }
}
