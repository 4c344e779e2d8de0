//! The limits on the body of a request to our own routes.

use std::time::Duration;

/// The longest body that is read, in bytes: a settings file is a tenth of it.
pub const MAX_BODY: usize = 64 * 1024;

/// How long a body may take to arrive. [`MAX_BODY`] needs a fraction of it over any network.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(5);
