//! What functions ask for beside their arguments.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::SystemTime;

use pilothouse_gotemplate::{CallError, Context, Host};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::{Lookup, Random, RenderContext, Resolve};

/// Answers the functions of one render.
pub struct Surroundings<'a> {
    now: SystemTime,
    lookup: Option<&'a dyn Lookup>,
    resolve: Option<&'a dyn Resolve>,
    random: Option<&'a dyn Random>,
    lint: bool,
    /// How often each template is being included now.
    included: RefCell<HashMap<Vec<u8>, usize>>,
    /// How often one may be (Helm's `recursionMaxNums`).
    include_depth: usize,
}

impl<'a> Surroundings<'a> {
    /// Answers from the context of a render.
    pub fn new(context: &RenderContext<'a>) -> Self {
        Self {
            now: context.now,
            lookup: context.lookup,
            resolve: context.resolve,
            random: context.random,
            lint: context.lint,
            included: RefCell::default(),
            include_depth: context.limits.include_depth,
        }
    }
}

/// A question; the answer is put into it.
enum Question {
    /// Whether this is `helm lint`.
    Lint(bool),
    /// The time.
    Now(SystemTime),
    /// A buffer to fill, and whether it was.
    Random(Vec<u8>, bool),
    /// API version, kind, namespace and name of an object.
    Lookup([String; 4], Result<serde_json::Value, String>),
    /// A host, and one address of it.
    Resolve(String, Option<String>),
    /// A template, and whether it is being included too often already.
    Enter(Vec<u8>, bool),
    /// A template that has been included.
    Leave(Vec<u8>),
}

impl Host for Surroundings<'_> {
    fn answer(&self, question: &mut dyn Any) {
        let Some(question) = question.downcast_mut::<Question>() else { return };
        match question {
            Question::Lint(lint) => *lint = self.lint,
            Question::Now(now) => *now = self.now,
            Question::Random(buffer, filled) => {
                if let Some(random) = self.random {
                    random.fill(buffer);
                    *filled = true;
                }
            }
            Question::Lookup([version, kind, namespace, name], answer) => {
                if let Some(lookup) = self.lookup {
                    *answer = lookup.lookup(version, kind, namespace, name);
                }
            }
            Question::Resolve(host, address) => {
                *address = self.resolve.and_then(|resolve| resolve.resolve(host));
            }
            Question::Enter(name, over) => {
                let mut included = self.included.borrow_mut();
                let count = included.entry(std::mem::take(name)).or_default();
                *over = *count > self.include_depth;
                *count += 1;
            }
            Question::Leave(name) => {
                if let Some(count) = self.included.borrow_mut().get_mut(name) {
                    *count = count.saturating_sub(1);
                }
            }
        }
    }
}

/// Whether this is `helm lint`.
pub(super) fn is_lint(context: &Context<'_>) -> bool {
    let mut question = Question::Lint(false);
    context.ask(&mut question);
    matches!(question, Question::Lint(true))
}

/// The time.
pub(super) fn now(context: &Context<'_>) -> SystemTime {
    let mut question = Question::Now(SystemTime::UNIX_EPOCH);
    context.ask(&mut question);
    match question {
        Question::Now(now) => now,
        _ => SystemTime::UNIX_EPOCH,
    }
}

/// Unpredictable bytes.
pub(super) fn random(context: &Context<'_>, count: usize) -> Result<Vec<u8>, CallError> {
    context.charge_string(count)?;
    let mut question = Question::Random(vec![0; count], false);
    context.ask(&mut question);
    match question {
        Question::Random(bytes, true) => Ok(bytes),
        _ => Err("no source of random values".into()),
    }
}

/// A generator seeded with unpredictable bytes: however poor the source is, a search for primes ends.
pub(super) fn generator(context: &Context<'_>) -> Result<ChaCha20Rng, CallError> {
    let mut seed = [0; 32];
    seed.copy_from_slice(&random(context, 32)?);
    Ok(ChaCha20Rng::from_seed(seed))
}

/// An object of the cluster, or a list of them; an empty object if there is none.
pub(super) fn lookup(context: &Context<'_>, arguments: [String; 4]) -> Result<serde_json::Value, CallError> {
    let mut question = Question::Lookup(arguments, Ok(serde_json::Value::Object(serde_json::Map::new())));
    context.ask(&mut question);
    match question {
        Question::Lookup(_, Err(message)) => Err(message.into()),
        Question::Lookup(_, Ok(object)) => Ok(object),
        _ => Ok(serde_json::Value::Null),
    }
}

/// An address of `host`.
pub(super) fn resolve(context: &Context<'_>, host: &str) -> Option<String> {
    let mut question = Question::Resolve(host.to_owned(), None);
    context.ask(&mut question);
    match question {
        Question::Resolve(_, address) => address,
        _ => None,
    }
}

/// Notes that `name` begins to be included; whether it is being included too often already.
pub(super) fn enter(context: &Context<'_>, name: &[u8]) -> bool {
    let mut question = Question::Enter(name.to_vec(), false);
    context.ask(&mut question);
    matches!(question, Question::Enter(_, true))
}

/// Notes that `name` has been included.
pub(super) fn leave(context: &Context<'_>, name: &[u8]) {
    context.ask(&mut Question::Leave(name.to_vec()));
}
