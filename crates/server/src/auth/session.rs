use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::sealed::{Sealed, name_of};
use crate::token::{Fingerprint, Token, random_secret};

/// Longest life of a session, however often it is used.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(12 * 3600);
/// Life of a session that is not used.
pub(crate) const MAX_IDLE: Duration = Duration::from_secs(2 * 3600);
/// Sessions at a time; beyond that the one used longest ago ends.
pub(crate) const MAX_SESSIONS: usize = 1024;

struct Session {
    token: Sealed,
    started: Instant,
    used: Instant,
    ends_at: Timestamp,
}

impl Session {
    fn ended(&self, now: Instant) -> bool {
        now.duration_since(self.started) > MAX_AGE || now.duration_since(self.used) > MAX_IDLE
    }
}

/// The signed-in browsers. In memory only: a restart signs everybody out.
#[derive(Default)]
pub(crate) struct Sessions {
    open: Mutex<HashMap<Fingerprint, Session>>,
}

/// A session just begun: the cookie's value and when it ends.
pub(crate) struct Started {
    pub(crate) secret: String,
    pub(crate) ends_at: Timestamp,
}

impl Sessions {
    pub(crate) fn start(&self, token: &Token) -> Option<Started> {
        let secret = random_secret();
        let ends_at = Timestamp::now() + MAX_AGE;
        let now = Instant::now();
        let session = Session { token: Sealed::seal(token, &secret)?, started: now, used: now, ends_at };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MAX_SESSIONS {
            open.retain(|_, session| !session.ended(now));
        }
        if open.len() >= MAX_SESSIONS {
            let oldest = open.iter().min_by_key(|(_, session)| session.used).map(|(name, _)| *name);
            if let Some(oldest) = oldest {
                open.remove(&oldest);
            }
        }
        open.insert(name_of(&secret), session);
        Some(Started { secret, ends_at })
    }

    /// The token of the session with that cookie value; `None` where it has ended.
    pub(crate) fn token(&self, secret: &str) -> Option<Token> {
        let name = name_of(secret);
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(&name)?;
        if session.ended(now) {
            open.remove(&name);
            return None;
        }
        session.used = now;
        session.token.open(secret)
    }

    /// Whether the session still exists; does not count as use.
    pub(crate) fn is_open(&self, name: Fingerprint) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&name).is_some_and(|session| !session.ended(Instant::now()))
    }

    pub(crate) fn ends_at(&self, name: Fingerprint) -> Option<Timestamp> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).get(&name).map(|session| session.ends_at)
    }

    pub(crate) fn end(&self, secret: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&name_of(secret));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_signed_out() {
        let sessions = Sessions::default();
        let token = Token::new("t").unwrap();
        let started = sessions.start(&token).unwrap();
        assert_eq!(sessions.token(&started.secret), Some(token));
        sessions.end(&started.secret);
        assert_eq!(sessions.token(&started.secret), None);
    }

    #[test]
    fn the_number_of_sessions_is_bounded() {
        let sessions = Sessions::default();
        let token = Token::new("t").unwrap();
        let first = sessions.start(&token).unwrap();
        for _ in 0..MAX_SESSIONS {
            sessions.start(&token).unwrap();
        }
        assert_eq!(sessions.open.lock().unwrap().len(), MAX_SESSIONS);
        assert_eq!(sessions.token(&first.secret), None);
    }
}
