use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::sealed::{Sealed, name_of};
use crate::token::{Fingerprint, Token, random_secret};

/// Life of a link that nobody opens.
pub const LINK_LIFE: Duration = Duration::from_secs(3600);
/// Links that wait at a time; beyond that the oldest stops working.
pub(crate) const MAX_LINKS: usize = 64;

/// One-time sign-in links: `pilothouse up` prints one, a browser opens it once.
///
/// The code is 32 random bytes; it works once and for [`LINK_LIFE`]. Give a clone to
/// [`ServerOptions`](crate::ServerOptions) and keep one to mint.
///
/// ```
/// use pilothouse_server::{SignInLinks, Token};
///
/// let links = SignInLinks::default();
/// let token = Token::new("the administrator's token").unwrap_or(Token::new("token").unwrap());
/// let path = links.mint(&token);
/// assert!(path.starts_with("/sign-in#code="));
/// ```
#[derive(Clone, Default)]
pub struct SignInLinks {
    waiting: Arc<Mutex<HashMap<Fingerprint, Waiting>>>,
}

struct Waiting {
    token: Sealed,
    minted: Instant,
}

impl SignInLinks {
    /// Mints a link that signs in with that token once: path and fragment, to be put after the server's address.
    ///
    /// The code is in the fragment, which browsers do not send and servers do not log.
    pub fn mint(&self, token: &Token) -> String {
        let code = random_secret();
        if let Some(sealed) = Sealed::seal(token, &code) {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|_, link| link.minted.elapsed() < LINK_LIFE);
            if waiting.len() >= MAX_LINKS {
                let oldest = waiting.iter().min_by_key(|(_, link)| link.minted).map(|(name, _)| *name);
                if let Some(oldest) = oldest {
                    waiting.remove(&oldest);
                }
            }
            waiting.insert(name_of(&code), Waiting { token: sealed, minted: Instant::now() });
        }
        format!("/sign-in#code={code}")
    }

    /// The token of that code, which stops working.
    pub(crate) fn redeem(&self, code: &str) -> Option<Token> {
        let link = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&name_of(code))?;
        if link.minted.elapsed() > LINK_LIFE { None } else { link.token.open(code) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_works_once() {
        let links = SignInLinks::default();
        let token = Token::new("t").unwrap();
        let path = links.mint(&token);
        let code = path.split_once('=').unwrap().1;
        assert_eq!(links.redeem(code), Some(token));
        assert_eq!(links.redeem(code), None);
    }

    #[test]
    fn waiting_links_are_bounded() {
        let links = SignInLinks::default();
        let token = Token::new("t").unwrap();
        for _ in 0..MAX_LINKS + 5 {
            links.mint(&token);
        }
        assert_eq!(links.waiting.lock().unwrap().len(), MAX_LINKS);
    }
}
