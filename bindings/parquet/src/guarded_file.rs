//! A file whose pages are looked at before they are decompressed.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// gzip makes at most this many bytes of one.
const GZIP_RATIO_MAX: u64 = 1032;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

#[derive(Clone)]
pub struct GuardedFile {
    file: Arc<File>,
    size: u64,
    page_bytes_max: u64,
}

/// Reads at its own place, so that several readers may share a file.
pub struct ReadAt {
    file: Arc<File>,
    place: u64,
}

impl Read for ReadAt {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let size = self.file.read_at(out, self.place)?;
        self.place += size as u64;
        Ok(size)
    }
}

impl GuardedFile {
    pub fn new(file: File, page_bytes_max: u64) -> Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), size, page_bytes_max })
    }

    fn too_large(&self, size: u64) -> ParquetError {
        ParquetError::General(format!(
            "a page takes {size} bytes or more (allowed: {}, as the memory is limited)",
            self.page_bytes_max
        ))
    }
}

impl Length for GuardedFile {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for GuardedFile {
    type T = BufReader<ReadAt>;

    /// Headers of pages are read by this, and nothing else is.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut head = [0_u8; 32];
        let mut size = 0;
        while size < head.len() {
            let place = start.saturating_add(size as u64);
            match self.file.read_at(&mut head[size..], place)? {
                0 => break,
                read => size += read,
            }
        }
        if let Some(page_size) = uncompressed_page_size(&head[..size])
            && page_size > self.page_bytes_max
        {
            return Err(self.too_large(page_size));
        }
        Ok(BufReader::new(ReadAt { file: self.file.clone(), place: start }))
    }

    /// Contents of pages are read by this. Of gzip, only trying tells how much comes of them.
    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(ParquetError::EOF(format!(
                "{length} bytes at {start} are beyond the end of the file, which has {}",
                self.size
            )));
        }
        if length as u64 > self.page_bytes_max {
            return Err(self.too_large(length as u64));
        }
        let mut bytes = vec![0_u8; length];
        self.file.read_exact_at(&mut bytes, start)?;
        let may_be_large = (length as u64).saturating_mul(GZIP_RATIO_MAX) > self.page_bytes_max;
        if may_be_large && bytes.starts_with(&GZIP_MAGIC) {
            let mut content = MultiGzDecoder::new(&bytes[..]).take(self.page_bytes_max + 1);
            let size = std::io::copy(&mut content, &mut std::io::sink()).unwrap_or(0);
            if size > self.page_bytes_max {
                return Err(self.too_large(size));
            }
        }
        Ok(Bytes::from(bytes))
    }
}

/// Returns the second field of a page header in Thrift's compact form: the first three are integers
/// that are always there. What is no such header is left to the reader.
fn uncompressed_page_size(head: &[u8]) -> Option<u64> {
    const INTEGER_AFTER_THE_LAST: u8 = 0x15;
    let mut bytes = head.iter().copied();
    let mut number = || -> Option<i64> {
        if bytes.next()? != INTEGER_AFTER_THE_LAST {
            return None;
        }
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = bytes.next()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        None
    };
    number()?; // the kind of the page
    u64::try_from(number()?).ok()
}
