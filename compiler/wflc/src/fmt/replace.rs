//! Giving a file another text: all of it or nothing.

use std::io::{self, Write};
use std::path::Path;

/// Writes the text next to the file and then puts it in its place. Permissions stay; who may not write the file may not
/// replace it either.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let permissions = std::fs::metadata(path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut written = tempfile::Builder::new().prefix(".wflc-fmt-").tempfile_in(folder)?;
    written.write_all(text.as_bytes())?;
    written.as_file().set_permissions(permissions)?;
    written.as_file().sync_all()?;
    written.persist(path)?;
    Ok(())
}
