//! How much an execution may cost.

use std::cell::Cell;

/// Bounds on one execution. Exceeding one is an error that names it.
#[derive(Clone, Copy)]
pub struct Budget<'b> {
    /// Nodes and commands executed, and elements that functions walk. Default 50 million.
    pub steps: u64,
    /// Depth of `template`, `include` and `tpl` together. Default 10,000.
    ///
    /// Go's own bound on `template` is 100,000; Helm's on `include` is 1,000 for one name. The stack grows
    /// on the heap, by some 20 KiB a level.
    pub depth: u32,
    /// Bytes written by all templates together, those included in others counted again. Default 256 MiB.
    pub output_bytes: u64,
    /// Bytes of strings that functions make, together. Default 512 MiB.
    pub string_bytes: u64,
    /// Bytes of one string. Default 64 MiB.
    pub string_length: u64,
    /// Elements of one list that a function makes, and iterations of one `range` over a number. Default 1 million.
    pub range_length: u64,
    /// Asked every few thousand steps; execution stops when it says true. Default none.
    pub is_over: Option<&'b dyn Fn() -> bool>,
}

impl Default for Budget<'_> {
    fn default() -> Self {
        Self {
            steps: 50_000_000,
            depth: 10_000,
            output_bytes: 256 << 20,
            string_bytes: 512 << 20,
            string_length: 64 << 20,
            range_length: 1_000_000,
            is_over: None,
        }
    }
}

/// A bound that was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// [`Budget::steps`].
    #[error("template execution took more than {0} steps")]
    Steps(u64),
    /// [`Budget::depth`].
    #[error("templates are nested more than {0} deep")]
    Depth(u32),
    /// [`Budget::output_bytes`].
    #[error("templates wrote more than {0} bytes")]
    OutputBytes(u64),
    /// [`Budget::string_bytes`].
    #[error("template functions made more than {0} bytes of strings")]
    StringBytes(u64),
    /// [`Budget::string_length`].
    #[error("a string would be longer than {0} bytes")]
    StringLength(u64),
    /// [`Budget::range_length`].
    #[error("a list or range would be longer than {0} elements")]
    RangeLength(u64),
    /// [`Budget::is_over`].
    #[error("template execution took too long")]
    Time,
    /// A value nests more than [`MAX_VALUE_DEPTH`] levels (or contains itself).
    #[error("a value is nested more than {0} deep")]
    ValueDepth(u32),
}

/// Nesting of values that functions and formatting follow.
pub const MAX_VALUE_DEPTH: u32 = 500;

/// Steps between two questions about time.
const TIME_CHECK_INTERVAL: u64 = 4096;

pub(crate) struct Meter<'b> {
    budget: Budget<'b>,
    steps: Cell<u64>,
    next_check: Cell<u64>,
    output: Cell<u64>,
    strings: Cell<u64>,
}

impl<'b> Meter<'b> {
    pub(crate) fn new(budget: Budget<'b>) -> Self {
        Self {
            budget,
            steps: Cell::new(0),
            next_check: Cell::new(TIME_CHECK_INTERVAL.min(budget.steps)),
            output: Cell::new(0),
            strings: Cell::new(0),
        }
    }

    pub(crate) fn budget(&self) -> &Budget<'b> {
        &self.budget
    }

    pub(crate) fn step(&self, count: u64) -> Result<(), Limit> {
        let steps = self.steps.get().saturating_add(count);
        self.steps.set(steps);
        if steps < self.next_check.get() { Ok(()) } else { self.check(steps) }
    }

    #[cold]
    fn check(&self, steps: u64) -> Result<(), Limit> {
        if steps > self.budget.steps {
            return Err(Limit::Steps(self.budget.steps));
        }
        if self.budget.is_over.is_some_and(|is_over| is_over()) {
            return Err(Limit::Time);
        }
        self.next_check
            .set(steps.saturating_add(TIME_CHECK_INTERVAL).min(self.budget.steps.saturating_add(1)));
        Ok(())
    }

    pub(crate) fn output(&self, bytes: usize) -> Result<(), Limit> {
        let total = self.output.get().saturating_add(bytes as u64);
        self.output.set(total);
        if total > self.budget.output_bytes {
            Err(Limit::OutputBytes(self.budget.output_bytes))
        } else {
            Ok(())
        }
    }

    pub(crate) fn string(&self, bytes: u64) -> Result<(), Limit> {
        if bytes > self.budget.string_length {
            return Err(Limit::StringLength(self.budget.string_length));
        }
        let total = self.strings.get().saturating_add(bytes);
        self.strings.set(total);
        if total > self.budget.string_bytes {
            Err(Limit::StringBytes(self.budget.string_bytes))
        } else {
            Ok(())
        }
    }

    pub(crate) fn range(&self, elements: u64) -> Result<(), Limit> {
        if elements > self.budget.range_length {
            return Err(Limit::RangeLength(self.budget.range_length));
        }
        self.step(elements)
    }
}
