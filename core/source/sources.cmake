# What the library `rollcall_core` is made of in core/source, relative to core/.
set(rollcall_source_sources
  source/nearest_name.cpp)
