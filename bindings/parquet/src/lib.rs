//! Reads Parquet files for rollcall, as streams of the Arrow C interface.
//!
//! `tools/parquet_plugin.cpp` declares what is exported, and loads it. Nothing unwinds through it:
//! whatever a damaged or hostile file brings about is an error with a text.

mod footer;
mod guarded_file;

use std::collections::HashMap;
use std::ffi::{c_char, c_int};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Encoding;
use parquet::file::metadata::ParquetMetaData;
use serde::Deserialize;

use guarded_file::GuardedFile;

/// What the loader has to ask for. It grows with every change of the request or of what it gets.
const INTERFACE_VERSION: u32 = 1;

/// Values of such an encoding share what they begin with, so that little may become much.
const EXPANDING_BATCH_ROWS: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    path: String,
    /// Top-level columns; all of them if there are none.
    columns: Vec<String>,
    first_row_group: usize,
    batch_rows: usize,
    /// No page may be larger than this once it is decompressed.
    page_bytes_max: u64,
}

/// Passes batches on, and makes an error of a panic. After either, there are no more batches.
struct GuardedBatches {
    schema: SchemaRef,
    batches: Option<ParquetRecordBatchReader>,
}

impl Iterator for GuardedBatches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batches = self.batches.as_mut()?;
        let next = catch_unwind(AssertUnwindSafe(|| batches.next())).unwrap_or_else(|panic| {
            Some(Err(ArrowError::ExternalError(text_of(&*panic).into())))
        });
        if !matches!(next, Some(Ok(_))) {
            // What a panic left behind may panic again when it is dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(self.batches.take())));
        }
        next
    }
}

impl RecordBatchReader for GuardedBatches {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| text.to_string())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "the reader gave up".to_string())
}

/// Returns the type that a column is read as. Views do not repeat what a dictionary has once, so
/// that a small file cannot become a large batch.
fn read_as(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::BinaryView,
        DataType::Dictionary(_, values) => read_as(values),
        other => other.clone(),
    }
}

fn row_groups_text(metadata: &ParquetMetaData) -> Result<String, String> {
    let mut texts = Vec::with_capacity(metadata.num_row_groups());
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows())
            .map_err(|_| format!("a row group has {} rows", group.num_rows()))?;
        texts.push(rows.to_string());
    }
    Ok(texts.join(","))
}

fn expands(metadata: &ParquetMetaData) -> bool {
    metadata.row_groups().iter().any(|group| {
        group
            .columns()
            .iter()
            .any(|column| column.encodings().any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY))
    })
}

fn open(request: &[u8]) -> Result<FFI_ArrowArrayStream, String> {
    let request: Request = serde_json::from_slice(request).map_err(|error| error.to_string())?;
    let file = File::open(&request.path).map_err(|error| error.to_string())?;
    footer::check(&file, request.page_bytes_max)?;
    let file = GuardedFile::new(file, request.page_bytes_max).map_err(|error| error.to_string())?;
    let of_parquet = |error: parquet::errors::ParquetError| error.to_string();

    let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(of_parquet)?;
    let fields: Vec<Field> = plain
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_data_type(read_as(field.data_type())))
        .collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    let metadata =
        ArrowReaderMetadata::try_new(plain.metadata().clone(), options).map_err(of_parquet)?;

    let groups = metadata.metadata().num_row_groups();
    if request.first_row_group > groups {
        return Err(format!("there are {groups} row groups, and no number {}", request.first_row_group));
    }
    let about = HashMap::from([("row_groups".to_string(), row_groups_text(metadata.metadata())?)]);
    let wanted: Vec<usize> = metadata
        .schema()
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| request.columns.is_empty() || request.columns.contains(field.name()))
        .map(|(place, _)| place)
        .collect();
    let mask = ProjectionMask::roots(metadata.parquet_schema(), wanted);
    let batch_rows = match expands(metadata.metadata()) {
        true => request.batch_rows.min(EXPANDING_BATCH_ROWS),
        false => request.batch_rows,
    };
    let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_row_groups((request.first_row_group..groups).collect())
        .with_projection(mask)
        .with_batch_size(batch_rows.max(1))
        .build()
        .map_err(of_parquet)?;
    let schema = Arc::new(batches.schema().as_ref().clone().with_metadata(about));
    let guarded = GuardedBatches { schema, batches: Some(batches) };
    Ok(FFI_ArrowArrayStream::new(Box::new(guarded)))
}

/// Writes a text with a null byte at its end, cut off where there is no more room.
///
/// # Safety
/// `out` has `size` bytes.
unsafe fn write_text(text: &str, out: *mut c_char, size: usize) {
    if out.is_null() || size == 0 {
        return;
    }
    let mut length = text.len().min(size - 1);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast::<c_char>(), out, length);
        *out.add(length) = 0;
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn rollcall_parquet_interface_version() -> u32 {
    INTERFACE_VERSION
}

/// # Safety
/// The pointers are as `parquet_plugin.cpp` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rollcall_parquet_open(
    request: *const c_char,
    request_size: usize,
    stream: *mut FFI_ArrowArrayStream,
    error: *mut c_char,
    error_size: usize,
) -> c_int {
    // What a panic says is in the error. Nobody else's panics come here.
    std::panic::set_hook(Box::new(|_| {}));
    let request = unsafe { std::slice::from_raw_parts(request.cast::<u8>(), request_size) };
    let opened = catch_unwind(|| open(request)).unwrap_or_else(|panic| Err(text_of(&*panic)));
    match opened {
        Ok(opened) => {
            unsafe { std::ptr::write(stream, opened) };
            0
        }
        Err(text) => {
            unsafe { write_text(&text, error, error_size) };
            1
        }
    }
}
