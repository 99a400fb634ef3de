//! Literal and folded block scalars.

use super::{Scan, Scanner};

impl Scanner<'_> {
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Scan<String> {
        self.pos += 1;
        let (chomp, increment) = self.block_header()?;
        let mut indent = match increment {
            0 => 0,
            n if self.indent >= 0 => self.indent.cast_unsigned() + n,
            n => n,
        };
        let mut out = String::new();
        let mut leading_break = String::new();
        let mut trailing_breaks = String::new();
        self.block_breaks(&mut indent, &mut trailing_breaks)?;
        let mut leading_blank = false;
        while self.column() == indent && self.byte(0) != 0 {
            let trailing_blank = self.is_blank(0);
            if !literal && !leading_blank && !trailing_blank && leading_break.starts_with('\n') {
                if trailing_breaks.is_empty() {
                    out.push(' ');
                }
            } else {
                out.push_str(&leading_break);
            }
            leading_break.clear();
            out.push_str(&trailing_breaks);
            trailing_breaks.clear();
            leading_blank = self.is_blank(0);
            let start = self.pos;
            self.skip_rest_of_line();
            out.push_str(&self.text[start..self.pos]);
            self.read_line(&mut leading_break);
            self.block_breaks(&mut indent, &mut trailing_breaks)?;
        }
        if chomp != Chomp::Strip {
            out.push_str(&leading_break);
        }
        if chomp == Chomp::Keep {
            out.push_str(&trailing_breaks);
        }
        Ok(out)
    }

    fn skip_rest_of_line(&mut self) {
        loop {
            match self.byte(0) {
                b'\n' | b'\r' | 0 => return,
                0..0x80 => self.pos += 1,
                _ if self.break_width(0) > 0 => return,
                _ => self.skip(),
            }
        }
    }

    fn block_header(&mut self) -> Scan<(Chomp, usize)> {
        let mut chomp = self.chomping();
        let mut increment = 0;
        if self.byte(0).is_ascii_digit() {
            if self.byte(0) == b'0' {
                return self.fail("found an indentation indicator equal to 0");
            }
            increment = usize::from(self.byte(0) - b'0');
            self.pos += 1;
            if chomp == Chomp::Clip {
                chomp = self.chomping();
            }
        }
        while self.is_blank(0) {
            self.pos += 1;
        }
        self.skip_comment();
        if !self.is_break_or_end() {
            return self.fail("did not find expected comment or line break");
        }
        self.skip_line();
        Ok((chomp, increment))
    }

    fn chomping(&mut self) -> Chomp {
        let chomp = match self.byte(0) {
            b'+' => Chomp::Keep,
            b'-' => Chomp::Strip,
            _ => return Chomp::Clip,
        };
        self.pos += 1;
        chomp
    }

    /// Eats indentation and empty lines; finds the indentation if it is not known yet (0).
    fn block_breaks(&mut self, indent: &mut usize, breaks: &mut String) -> Scan<()> {
        let mut widest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.byte(0) == b' ' {
                self.pos += 1;
            }
            widest = widest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.byte(0) == b'\t' {
                return self.fail("found a tab character where an indentation space is expected");
            }
            if self.break_width(0) == 0 {
                break;
            }
            self.read_line(breaks);
        }
        if *indent == 0 {
            let least = (self.indent + 1).max(1).cast_unsigned();
            *indent = widest.max(least);
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Clip,
    Strip,
    Keep,
}
