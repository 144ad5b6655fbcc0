# What core/source adds to the library, relative to core/.
set(rollcall_source_sources
  source/amount_parser.cpp
  source/batch_builder.cpp
  source/block_dictionary.cpp
  source/byte_source.cpp
  source/content_reader.cpp
  source/delimited_reader.cpp
  source/excerpt.cpp
  source/ndjson_reader.cpp
  source/nearest_name.cpp
  source/record_cutter.cpp
  source/text_block_reader.cpp
  source/time_parser.cpp)
