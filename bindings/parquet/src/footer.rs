//! Looks at the footer of a file before the reader does, which goes through nested columns by
//! recursion: a footer of a megabyte can nest them so deeply that no stack is enough.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// Lists and maps take two levels.
const NESTING_MAX: usize = 256;
/// The types of columns are told by structs within structs, but not by many.
const STRUCTS_MAX: u8 = 16;
const TRAILER_BYTES: u64 = 8;

const FALSE_OR_TRUE: [u8; 2] = [1, 2];
const BYTE: u8 = 3;
const INTEGERS: std::ops::RangeInclusive<u8> = 4..=6;
const INTEGER_32: u8 = 5;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

/// The numbers of fields in the definition of the format.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;

/// Takes Thrift's compact form apart. Nothing is returned where it ends too early.
struct Footer<'a> {
    bytes: &'a [u8],
}

impl Footer<'_> {
    fn skip_bytes(&mut self, size: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(size).ok()?..)?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Returns the number and the kind of the next field, whose number counts on from `last`; or
    /// nothing within, at the end of the struct.
    fn field(&mut self, last: &mut i64) -> Option<Option<(i64, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *last = match head >> 4 {
            0 => self.signed()?,
            more => last.checked_add(i64::from(more))?,
        };
        Some(Some((*last, head & 0x0f)))
    }

    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let size = match head >> 4 {
            15 => self.number()?,
            few => u64::from(few),
        };
        Some((size, head & 0x0f))
    }

    fn skip(&mut self, kind: u8, structs: u8) -> Option<()> {
        match kind {
            kind if FALSE_OR_TRUE.contains(&kind) => Some(()),
            BYTE => self.skip_bytes(1),
            kind if INTEGERS.contains(&kind) => self.number().map(|_| ()),
            DOUBLE => self.skip_bytes(8),
            BINARY => {
                let size = self.number()?;
                self.skip_bytes(size)
            }
            LIST | SET if structs < STRUCTS_MAX => {
                let (size, of) = self.list()?;
                for _ in 0..size {
                    match FALSE_OR_TRUE.contains(&of) {
                        true => self.skip_bytes(1)?,
                        false => self.skip(of, structs + 1)?,
                    }
                }
                Some(())
            }
            STRUCT if structs < STRUCTS_MAX => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip(kind, structs + 1)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// Returns how many children the next element of the schema has.
    fn children(&mut self) -> Option<u64> {
        let mut children = 0;
        let mut last = 0;
        while let Some((number, kind)) = self.field(&mut last)? {
            if (number, kind) == (CHILDREN, INTEGER_32) {
                children = u64::try_from(self.signed()?).ok()?;
            } else {
                self.skip(kind, 0)?;
            }
        }
        Some(children)
    }

    /// Returns whether the columns are nested no deeper than allowed.
    fn is_shallow(&mut self) -> Option<bool> {
        let mut last = 0;
        while let Some((number, kind)) = self.field(&mut last)? {
            if (number, kind) != (SCHEMA, LIST) {
                self.skip(kind, 0)?;
                continue;
            }
            let (size, _) = self.list()?;
            let mut open: Vec<u64> = Vec::new(); // children that are yet to come, by level
            for _ in 0..size {
                if let Some(left) = open.last_mut() {
                    *left -= 1;
                }
                let children = self.children()?;
                if children > 0 {
                    open.push(children);
                }
                if open.len() > NESTING_MAX {
                    return Some(false);
                }
                while open.last() == Some(&0) {
                    open.pop();
                }
            }
            return Some(true);
        }
        None
    }
}

/// Checks what the reader would not survive.
pub fn check(file: &File, bytes_max: u64) -> Result<(), String> {
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    let damaged = || "its footer is damaged".to_string();
    let mut trailer = [0_u8; TRAILER_BYTES as usize];
    let trailer_begin = size.checked_sub(TRAILER_BYTES).ok_or_else(damaged)?;
    file.read_exact_at(&mut trailer, trailer_begin).map_err(|error| error.to_string())?;
    let length = u64::from(u32::from_le_bytes([trailer[0], trailer[1], trailer[2], trailer[3]]));
    let begin = trailer_begin.checked_sub(length).ok_or_else(damaged)?;
    if length > bytes_max {
        return Err(format!("its footer has {length} bytes (allowed: {bytes_max}, as the memory is limited)"));
    }
    let mut bytes = vec![0_u8; length as usize];
    file.read_exact_at(&mut bytes, begin).map_err(|error| error.to_string())?;
    match (Footer { bytes: &bytes }).is_shallow() {
        Some(true) => Ok(()),
        Some(false) => Err(format!("its columns are nested in more than {NESTING_MAX} levels")),
        None => Err(damaged()),
    }
}
