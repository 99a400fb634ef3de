//! Parses and executes Go's text/template on Go-typed values, within a budget.
