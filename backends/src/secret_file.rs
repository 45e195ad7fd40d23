//! A secret that stands alone in a file: a password, an API key.

use std::path::Path;

/// A file that holds one secret is at most so large, in bytes.
const SECRET_BYTES_MAX: u64 = 4_096;

/// The secret in a file; line ends after it do not belong to it.
///
/// # Errors
/// In words, where the file cannot be read, is too large, or is empty. They name the file and show nothing of what it holds.
pub fn secret_in_file(path: &Path) -> Result<String, String> {
    let named = |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", path.display());
    let bytes = std::fs::metadata(path).map_err(|error| named(&error))?.len();
    if bytes > SECRET_BYTES_MAX {
        return Err(named(&format_args!("a file with one password or key has at most {SECRET_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
    match text.trim_end_matches(['\n', '\r']) {
        "" => Err(named(&"it is empty")),
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    //! Line ends are not part of it; what is no secret is told without showing it.

    use super::{SECRET_BYTES_MAX, secret_in_file};

    #[test]
    fn a_secret_is_read_without_its_line_ends_and_up_to_its_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("a file");
            secret_in_file(&path)
        };
        assert_eq!(read(" pass word\r\n\n"), Ok(" pass word".to_owned()));
        let longest = "x".repeat(usize::try_from(SECRET_BYTES_MAX).expect("a size"));
        assert_eq!(read(&longest), Ok(longest.clone()));
        for (text, says) in [(format!("{longest}x"), "at most"), ("\n".to_owned(), "empty")] {
            let error = read(&text).expect_err("no secret");
            assert!(error.contains(says) && !error.contains("xx"), "{error}");
        }
        assert!(secret_in_file(&folder.path().join("none")).is_err_and(|error| error.contains("cannot read")));
    }
}
