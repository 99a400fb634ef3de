//! Directives and tags.

use super::{Data, Kind, Scan, Scanner, Token, is_word, utf8_width};

impl<'s> Scanner<'s> {
    pub(super) fn scan_directive(&mut self) -> Scan<Token<'s>> {
        let at = self.mark();
        self.pos += 1;
        let start = self.pos;
        while is_word(self.byte(0)) {
            self.pos += 1;
        }
        let name = &self.text[start..self.pos];
        if name.is_empty() {
            return self.fail("could not find expected directive name");
        }
        if !self.is_blank_or_end(0) {
            return self.fail("found unexpected non-alphabetical character");
        }
        let (kind, data) = match name {
            "YAML" => (Kind::Version, self.scan_version()?),
            "TAG" => (Kind::TagDirective, self.scan_tag_directive()?),
            _ => return self.fail("found unknown directive name"),
        };
        self.skip_blanks();
        self.skip_comment();
        if !self.is_break_or_end() {
            return self.fail("did not find expected comment or line break");
        }
        self.skip_line();
        Ok(Token { kind, at, data })
    }

    fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.pos += 1;
        }
    }

    fn scan_version(&mut self) -> Scan<Data<'s>> {
        self.skip_blanks();
        let major = self.scan_version_number()?;
        if self.byte(0) != b'.' {
            return self.fail("did not find expected digit or '.' character");
        }
        self.pos += 1;
        let minor = self.scan_version_number()?;
        Ok(Data::Version(major, minor))
    }

    fn scan_version_number(&mut self) -> Scan<u8> {
        let mut value = 0;
        let start = self.pos;
        while self.byte(0).is_ascii_digit() {
            if self.pos - start == 2 {
                return self.fail("found extremely long version number");
            }
            value = value * 10 + (self.byte(0) - b'0');
            self.pos += 1;
        }
        if self.pos == start {
            return self.fail("did not find expected version number");
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self) -> Scan<Data<'s>> {
        self.skip_blanks();
        let handle = self.scan_tag_handle(true)?;
        if !self.is_blank(0) {
            return self.fail("did not find expected whitespace");
        }
        self.skip_blanks();
        let prefix = self.scan_tag_uri("")?;
        if !self.is_blank_or_end(0) {
            return self.fail("did not find expected whitespace or line break");
        }
        Ok(Data::Pair(Box::new((handle, prefix))))
    }

    pub(super) fn scan_tag(&mut self) -> Scan<Token<'s>> {
        let at = self.mark();
        let (handle, suffix) = if self.byte(1) == b'<' {
            self.pos += 2;
            let suffix = self.scan_tag_uri("")?;
            if self.byte(0) != b'>' {
                return self.fail("did not find the expected '>'");
            }
            self.pos += 1;
            (String::new(), suffix)
        } else {
            let handle = self.scan_tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_tag_uri("")?;
                (handle, suffix)
            } else {
                let suffix = self.scan_tag_uri(&handle)?;
                if suffix.is_empty() { (String::new(), "!".to_owned()) } else { ("!".to_owned(), suffix) }
            }
        };
        if !self.is_blank_or_end(0) {
            return self.fail("did not find expected whitespace or line break");
        }
        Ok(Token { kind: Kind::Tag, at, data: Data::Pair(Box::new((handle, suffix))) })
    }

    fn scan_tag_handle(&mut self, directive: bool) -> Scan<String> {
        if self.byte(0) != b'!' {
            return self.fail("did not find expected '!'");
        }
        let start = self.pos;
        self.pos += 1;
        while is_word(self.byte(0)) {
            self.pos += 1;
        }
        if self.byte(0) == b'!' {
            self.pos += 1;
        } else if directive && self.pos - start > 1 {
            return self.fail("did not find expected '!'");
        }
        Ok(self.text[start..self.pos].to_owned())
    }

    /// The rest of a tag after `head`, whose exclamation mark is not kept.
    fn scan_tag_uri(&mut self, head: &str) -> Scan<String> {
        let mut uri: Vec<u8> = head.as_bytes().get(1..).unwrap_or_default().to_vec();
        let mut found = !head.is_empty();
        loop {
            let byte = self.byte(0);
            if byte == b'%' {
                self.scan_uri_escape(&mut uri)?;
            } else if is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) {
                uri.push(byte);
                self.pos += 1;
            } else {
                break;
            }
            found = true;
        }
        if !found {
            return self.fail("did not find expected tag URI");
        }
        Ok(String::from_utf8_lossy(&uri).into_owned())
    }

    fn scan_uri_escape(&mut self, uri: &mut Vec<u8>) -> Scan<()> {
        let mut left = None;
        while left != Some(0) {
            let digits = (char::from(self.byte(1)).to_digit(16), char::from(self.byte(2)).to_digit(16));
            let (b'%', (Some(high), Some(low))) = (self.byte(0), digits) else {
                return self.fail("did not find URI escaped octet");
            };
            let octet = u8::try_from(high * 16 + low).unwrap_or_default();
            left = Some(match left {
                None if (0x80..0xC0).contains(&octet) || octet >= 0xF8 => {
                    return self.fail("found an incorrect leading UTF-8 octet");
                }
                None => utf8_width(octet) - 1,
                Some(_) if octet & 0xC0 != 0x80 => {
                    return self.fail("found an incorrect trailing UTF-8 octet");
                }
                Some(n) => n - 1,
            });
            uri.push(octet);
            self.pos += 3;
        }
        Ok(())
    }
}
